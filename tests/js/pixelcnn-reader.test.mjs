import assert from "node:assert/strict";
import test from "node:test";

import { Reader } from "../../book/assets/live/pixelcnn-reader.js";
import { Random } from "../../book/assets/live/random.js";
import { NUMBERS, close, graphs, noise } from "./pixelcnn-graphs.mjs";

async function fresh(levels, k, label = 0) {
  const reader = new Reader(graphs(), NUMBERS);
  reader.label = label;
  return reader.law(levels, k);
}

test("shapes and numbers of what the graphs are given", async () => {
  const seen = [];
  const inner = graphs();
  const spied = (name) => ({
    run(inputs) {
      seen.push([name, structuredClone(inputs)]);
      return inner[name].run(inputs);
    },
  });
  const reader = new Reader({ row: spied("row"), pixel: spied("pixel") }, NUMBERS);
  const levels = noise(1);
  await reader.law(levels, 28 + 1);
  assert.deepEqual(seen.map(([name]) => name).join(" "), "row row pixel pixel");
  const [, { rows, before, y }] = seen[1];
  assert.deepEqual([rows.dims, before.dims, y.dims], [[1, 1, 3, 28], [2, 1, 28], [1]]);
  assert.ok(rows.data.subarray(0, 56).every((v) => v === 0)); // outside the image
  rows.data.subarray(56).forEach((v, j) => close(v, (2 * levels[j]) / 255 - 1, 1e-6));
  assert.ok(before.data.subarray(28).every((v) => v === 0)); // three rows above: none
  assert.ok(before.data.subarray(0, 28).some((v) => v !== 0));
  const [, { taps, links, before: left }] = seen[3];
  assert.deepEqual(
    [taps.dims, links.dims, left.dims],
    [
      [1, 3],
      [2, 2],
      [2, 1],
    ],
  );
  close(taps.data[2], (2 * levels[28]) / 255 - 1, 1e-6);
  assert.deepEqual([taps.data[0], taps.data[1]], [0, 0]);
});

test("a pixel costs one run, a row one more", async () => {
  const reader = new Reader(graphs(), NUMBERS);
  const levels = noise(1);
  for (let k = 0; k < 60; k++) await reader.law(levels, k);
  assert.deepEqual(reader.runs, { row: 3, pixel: 60 });
  await reader.law(levels, 59);
  assert.deepEqual(reader.runs, { row: 3, pixel: 60 });
});

test("kept rows are passed over with one run each", async () => {
  const reader = new Reader(graphs(), NUMBERS);
  await reader.law(noise(1), 14 * 28);
  assert.deepEqual(reader.runs, { row: 15, pixel: 1 });
});

test("after an edit the laws are those of a reader that never saw it before", async () => {
  const random = new Random(5);
  const reader = new Reader(graphs(), NUMBERS);
  const levels = noise(2);
  for (let turn = 0; turn < 150; turn++) {
    const k = random.integer(60);
    assert.deepEqual(await reader.law(levels, k), await fresh(levels, k));
    const edited = random.integer(60);
    levels[edited] = random.integer(256);
    reader.forget(edited);
  }
});

test("a later pixel does not matter, an earlier one does", async () => {
  const levels = noise(2);
  const before = await fresh(levels, 100);
  levels[100] ^= 255;
  levels[101] ^= 255;
  assert.deepEqual(await fresh(levels, 100), before);
  levels[99] ^= 255;
  assert.notDeepEqual(await fresh(levels, 100), before);
});

test("another class voids everything", async () => {
  const reader = new Reader(graphs(), NUMBERS);
  const levels = noise(3);
  const before = await reader.law(levels, 90);
  reader.label = 7;
  assert.deepEqual(await reader.law(levels, 90), await fresh(levels, 90, 7));
  assert.notDeepEqual(await reader.law(levels, 90), before);
});

test("what is forgotten while a graph runs is not kept", async () => {
  const reader = new Reader(graphs(), NUMBERS);
  const levels = noise(4);
  const waiting = reader.law(levels, 200);
  levels[3] ^= 255;
  reader.forget(3);
  assert.equal(await waiting, null);
  assert.deepEqual(await reader.law(levels, 200), await fresh(levels, 200));
});
