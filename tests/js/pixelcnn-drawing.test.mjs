import assert from "node:assert/strict";
import test from "node:test";

import { SIZE, pixelsOf } from "../../book/assets/live/pixelcnn-drawing.js";
import { bitsOf, levelDrawn, tempered } from "../../book/assets/live/pixelcnn-law.js";
import { Reader } from "../../book/assets/live/pixelcnn-reader.js";
import {
  NUMBERS,
  close,
  drawing,
  finished,
  graphs,
  noise,
} from "./pixelcnn-graphs.mjs";

test("parts are halves, a box and all", () => {
  assert.deepEqual(pixelsOf("all").length, 784);
  assert.deepEqual([pixelsOf("upper")[391], pixelsOf("lower")[0]], [391, 392]);
  assert.equal(pixelsOf("box").length, 14 * 14);
  assert.equal(pixelsOf("box")[0], 7 * 28 + 7);
});

test("a drawing follows the laws and its own draws", async () => {
  const made = drawing();
  made.seed = 3;
  made.temperature = 0.7;
  const levels = await finished(made);
  const reader = new Reader(graphs(), NUMBERS);
  let bits = 0;
  for (let k = 0; k < SIZE; k++) {
    const logProbs = await reader.law(levels, k);
    assert.equal(levels[k], levelDrawn(tempered(logProbs, 0.7), made.uniforms[k]));
    bits += bitsOf(logProbs, levels[k]) / SIZE;
  }
  assert.equal(made.surprise.count, SIZE);
  close(made.surprise.mean, bits, 1e-9);
});

test("the same seed draws the same image, another one another", async () => {
  const images = [];
  for (const seed of [1, 1, 2]) {
    const made = drawing();
    made.seed = seed;
    images.push(await finished(made));
  }
  assert.deepEqual(images[0], images[1]);
  assert.notDeepEqual(images[0], images[2]);
});

test("kept pixels are fed and never drawn", async () => {
  const made = drawing();
  const image = noise(7);
  const kept = pixelsOf("all").filter((k) => !pixelsOf("box").includes(k));
  made.keep(kept, (k) => image[k]);
  const levels = await finished(made);
  for (const k of kept) assert.equal(levels[k], image[k]);
  assert.equal(made.surprise.count, 14 * 14);
  assert.ok(pixelsOf("box").every((k) => made.isDrawn(k) && !made.isBlank(k)));
  assert.equal(made.reader.runs.row, 21); // nothing is drawn below row 20
});

test("an erased pixel is drawn anew, and what follows it", async () => {
  const made = drawing();
  const image = noise(7);
  made.keep(pixelsOf("upper"), (k) => image[k]);
  await finished(made);
  made.erase([30, 31]);
  assert.deepEqual([made.upcoming, made.next], [30, 30]);
  assert.ok(made.isBlank(30) && made.isBlank(500) && !made.isBlank(32));
  assert.equal(made.shown, null);
  await finished(made);
  assert.equal(made.surprise.count, 392 + 2);
});

test("what is painted ahead leaves what is drawn as it is", async () => {
  const made = drawing();
  for (let k = 0; k < 50; k++) await made.step();
  const before = made.levels.slice(0, 50);
  made.keep([60, 61], () => 200);
  assert.deepEqual([made.next, made.shown.k], [50, 49]);
  made.keep([10], () => 90);
  assert.deepEqual([made.next, made.upcoming, made.shown], [10, 11, null]);
  const levels = await finished(made);
  assert.deepEqual([levels[10], levels[60], levels[61]], [90, 200, 200]);
  assert.deepEqual(levels.slice(0, 10), before.slice(0, 10));
});

test("looking shows a law and draws nothing", async () => {
  const made = drawing();
  await made.look();
  assert.deepEqual([made.shown.k, made.shown.level, made.next], [0, null, 0]);
  close(
    made.law.reduce((a, b) => a + b),
    1,
  );
  assert.equal(await made.step(), true);
  assert.deepEqual([made.shown.k, made.next], [0, 1]);
  assert.equal(made.reader.runs.pixel, 1); // the law was there already
});

test("a step that an edit overtakes draws nothing", async () => {
  const made = drawing();
  const stepping = made.step();
  await Promise.resolve();
  made.keep([0], () => 77);
  assert.equal(await stepping, false);
  assert.deepEqual([made.levels[0], made.next, made.shown], [77, 0, null]);
});

test("a complete image has no more steps", async () => {
  const made = drawing();
  made.keep(pixelsOf("all"), () => 5);
  assert.equal(made.complete, true);
  assert.equal(await made.step(), false);
  await made.look();
  assert.equal(made.shown, null);
  assert.deepEqual(made.surprise, { count: 0, mean: 0 });
});
