// Graphs small enough to be written down, in place of the exported ones.
import assert from "node:assert/strict";

import { Drawing, SIZE } from "../../book/assets/live/pixelcnn-drawing.js";
import { Reader } from "../../book/assets/live/pixelcnn-reader.js";
import { Random } from "../../book/assets/live/random.js";

export const close = (a, b, within = 1e-12) =>
  assert.ok(Math.abs(a - b) <= within, `${a} is not ${b} up to ${within}`);

export const NUMBERS = { dilations: [1, 3], features: 1 };
const BARE = (data) => ({ data: Float32Array.from(data) });

// Everything that a graph is given counts, each number with a weight of its own.
const mixed = (data, weight) =>
  data.reduce((sum, v, k) => sum + v * Math.sin(k + weight), 0);

export function graphs() {
  return {
    row: {
      async run({ rows, before, y }) {
        const all = mixed(rows.data, 1) + Number(y.data[0]);
        const inputs = before.data.map((v, k) => Math.tanh(v + Math.sin(k) + all));
        const links = Array.from({ length: 28 * 4 }, (_, k) =>
          Math.sin(all + inputs[k % 56] + k),
        );
        return { inputs: BARE(inputs), links: BARE(links) };
      },
    },
    pixel: {
      async run({ taps, links, before }) {
        const all = mixed(taps.data, 2) + mixed(links.data, 3) + mixed(before.data, 4);
        const inputs = [Math.sin(all), Math.cos(all)];
        const numbers = Array.from({ length: 256 }, (_, k) => Math.sin(k + 9 * all));
        return { inputs: BARE(inputs), log_probs: BARE(numbers) };
      },
    },
  };
}

export const noise = (seed) => {
  const random = new Random(seed);
  return Uint8Array.from({ length: SIZE }, () => random.integer(256));
};

export const drawing = () => new Drawing(new Reader(graphs(), NUMBERS));

export async function finished(made) {
  while (!made.complete) await made.step();
  return made.levels.slice();
}
