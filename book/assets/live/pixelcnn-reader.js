// The laws of one pixel after another. What was computed for earlier pixels is kept:
// what the rows above say for each row, what the pixels on the left say for one row.
export const SIDE = 28;

export class Reader {
  #version = 0;
  #rows = []; // of each row: the layers' inputs, and what its pixels are told
  #columns = []; // of row #at: the layers' inputs, and the law
  #at = -1;
  #label = 0;

  // `row` and `pixel` are graphs; `numbers` holds the layers' dilations and features.
  constructor({ row, pixel }, numbers) {
    Object.assign(this, { row, pixel, ...numbers });
    this.count = numbers.dilations.length;
    this.runs = { row: 0, pixel: 0 };
  }

  get label() {
    return this.#label;
  }

  // The class enters every row.
  set label(label) {
    this.#label = label;
    this.#version += 1;
    this.#rows = [];
    this.#leaveRow();
  }

  #leaveRow() {
    this.#columns = [];
    this.#at = -1;
  }

  // To be called when pixel k changes after it was looked at: what follows is void.
  forget(k) {
    this.#version += 1;
    const i = Math.floor(k / SIDE);
    this.#rows.length = Math.min(this.#rows.length, i + 1);
    if (this.#at > i) this.#leaveRow();
    if (this.#at === i) {
      this.#columns.length = Math.min(this.#columns.length, (k % SIDE) + 1);
    }
  }

  // log p of every level of pixel k, given the levels before it. Null if something was
  // forgotten in the meantime. One at a time: the caller waits for the last.
  async law(levels, k) {
    const version = this.#version;
    const [i, j] = [Math.floor(k / SIDE), k % SIDE];
    if (this.#at !== i) {
      this.#leaveRow();
      this.#at = i;
    }
    while (this.#rows.length <= i) {
      const found = await this.#above(levels, this.#rows.length);
      if (version !== this.#version) return null;
      this.#rows.push(found);
    }
    while (this.#columns.length <= j) {
      const found = await this.#left(levels, i, this.#columns.length);
      if (version !== this.#version) return null;
      this.#columns.push(found);
    }
    return this.#columns[j].log_probs.data;
  }

  async #above(levels, i) {
    const { count, features } = this;
    const rows = new Float32Array(3 * SIDE); // 0 outside the image
    for (let k = Math.max(0, 3 - i) * SIDE; k < rows.length; k++) {
      rows[k] = scaled(levels[(i - 3) * SIDE + k]);
    }
    const before = this.#before(this.#rows, features * SIDE);
    this.runs.row += 1;
    return this.row.run({
      rows: { data: rows, dims: [1, 1, 3, SIDE] },
      before: { data: before, dims: [count, features, SIDE] },
      y: { data: BigInt64Array.of(BigInt(this.#label)), dims: [1] },
    });
  }

  async #left(levels, i, j) {
    const { count, features } = this;
    const taps = new Float32Array(3);
    for (let k = Math.max(0, 3 - j); k < 3; k++) {
      taps[k] = scaled(levels[i * SIDE + j - 3 + k]);
    }
    const size = count * 2 * features;
    const links = this.#rows[i].links.data.slice(j * size, (j + 1) * size);
    this.runs.pixel += 1;
    return this.pixel.run({
      taps: { data: taps, dims: [1, 3] },
      links: { data: links, dims: [count, 2 * features] },
      before: { data: this.#before(this.#columns, features), dims: [count, features] },
    });
  }

  // Each layer's input a dilation before the next place: 0 where there was none.
  #before(kept, size) {
    const found = new Float32Array(this.count * size);
    this.dilations.forEach((dilation, layer) => {
      const from = kept[kept.length - dilation]?.inputs.data;
      if (!from) return;
      const start = layer * size;
      found.set(from.subarray(start, start + size), start);
    });
    return found;
  }
}

function scaled(level) {
  return (2 * level) / 255 - 1;
}
