// An image that is drawn pixel by pixel. Some pixels are kept: they are fed, not drawn.
import { bitsOf, levelDrawn, tempered } from "./pixelcnn-law.js";
import { SIDE } from "./pixelcnn-reader.js";
import { Random } from "./random.js";

export const SIZE = SIDE * SIDE;

const BOX = [7, 21];

// Which pixels each eraser of a part takes.
export const PARTS = {
  lower: (i) => i >= SIDE / 2,
  upper: (i) => i < SIDE / 2,
  box: (i, j) => [i, j].every((at) => at >= BOX[0] && at < BOX[1]),
  all: () => true,
};

// The numbers of a part's pixels.
export function pixelsOf(part) {
  const inside = (k) => PARTS[part](Math.floor(k / SIDE), k % SIDE);
  return Array.from({ length: SIZE }, (_, k) => k).filter(inside);
}

export class Drawing {
  #last = Promise.resolve();
  #seed = 0;

  constructor(reader) {
    this.reader = reader;
    this.temperature = 1;
    this.levels = new Uint8Array(SIZE);
    this.known = new Uint8Array(SIZE); // 1: kept
    this.bits = new Float64Array(SIZE); // the surprise of each pixel drawn
    this.next = 0; // every pixel before it is kept or drawn
    this.shown = null; // {k, logProbs, level}: the pixel looked at; no level: not drawn
    this.seed = 0;
  }

  get seed() {
    return this.#seed;
  }

  // A draw for each pixel, kept ones too: what is kept does not move those of others.
  set seed(seed) {
    const random = new Random(seed);
    this.#seed = seed;
    this.uniforms = Float64Array.from({ length: SIZE }, () => random.uniform());
    this.rewind(0);
  }

  get label() {
    return this.reader.label;
  }

  set label(label) {
    this.reader.label = label;
    this.rewind(0);
  }

  // What the model drew from pixel k on is not drawn any more.
  rewind(k) {
    this.reader.forget(k);
    this.next = Math.min(this.next, k);
    if (this.shown?.k >= k) this.shown = null;
  }

  // Pixels with these numbers are kept from now on, at the levels that levelOf gives.
  keep(pixels, levelOf) {
    for (const k of pixels) {
      this.levels[k] = levelOf(k);
      this.known[k] = 1;
    }
    if (pixels.length) this.rewind(first(pixels));
  }

  erase(pixels) {
    const lost = pixels.filter((k) => this.known[k] || k < this.next);
    for (const k of lost) this.known[k] = 0;
    if (lost.length) this.rewind(first(lost));
  }

  // The pixel that is to be drawn next, SIZE when there is none.
  get upcoming() {
    const k = this.known.indexOf(0, this.next);
    return k < 0 ? SIZE : k;
  }

  get complete() {
    return this.upcoming === SIZE;
  }

  isDrawn(k) {
    return !this.known[k] && k < this.next;
  }

  isBlank(k) {
    return !this.known[k] && k >= this.next;
  }

  // How many pixels the model drew, and their mean surprise in bits (0 for none).
  get surprise() {
    let [count, total] = [0, 0];
    for (let k = 0; k < this.next; k++) {
      if (this.known[k]) continue;
      count += 1;
      total += this.bits[k];
    }
    return { count, mean: count ? total / count : 0 };
  }

  // The law of the pixel that is shown, at the present temperature.
  get law() {
    return this.shown && tempered(this.shown.logProbs, this.temperature);
  }

  // Shows the law of the next pixel without drawing it.
  look() {
    return this.#inTurn(async () => {
      const k = this.upcoming;
      const logProbs = k < SIZE && (await this.reader.law(this.levels, k));
      if (logProbs) this.shown = { k, logProbs, level: null };
    });
  }

  // Draws one pixel; false if there was none, or if an edit came in between.
  step() {
    return this.#inTurn(async () => {
      const k = this.upcoming;
      const logProbs = k < SIZE && (await this.reader.law(this.levels, k));
      if (!logProbs) return false;
      const level = levelDrawn(tempered(logProbs, this.temperature), this.uniforms[k]);
      this.levels[k] = level;
      this.bits[k] = bitsOf(logProbs, level);
      this.next = k + 1;
      this.shown = { k, logProbs, level };
      return true;
    });
  }

  // The reader reads one pixel at a time, so calls wait for one another.
  #inTurn(task) {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function first(pixels) {
  return pixels.reduce((a, b) => Math.min(a, b));
}
