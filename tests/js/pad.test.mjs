import assert from "node:assert/strict";
import test from "node:test";

import { between, brushed } from "../../book/assets/live/pad.js";

const names = (places) => places.map((place) => place.join(",")).sort();

test("a brush of radius one is a plus", () => {
  const found = names(brushed([5, 7], 1, 28, 28));
  assert.deepEqual(found, ["4,7", "5,6", "5,7", "5,8", "6,7"]);
});

test("a brush holds what is within its radius, also between pixels", () => {
  const found = brushed([10.4, 3.7], 2.2, 28, 28);
  const every = Array.from({ length: 784 }, (_, k) => [Math.floor(k / 28), k % 28]);
  const near = ([i, j]) => Math.hypot(i - 10.4, j - 3.7) <= 2.2;
  assert.deepEqual(names(found), names(every.filter(near)));
});

test("a brush ends at the image's edge: rows are not columns", () => {
  for (const [i, j] of brushed([0, 4], 3, 20, 5)) {
    assert.ok(i >= 0 && i < 20 && j >= 0 && j < 5);
  }
  assert.deepEqual(brushed([19, 4], 0.5, 20, 5), [[19, 4]]);
  assert.deepEqual(brushed([30, 30], 2, 20, 5), []);
});

test("a stroke leaves no gap and ends where the pointer is", () => {
  const first = [2, 3];
  const last = [9.5, -4];
  const steps = between(first, last);
  assert.deepEqual(steps.at(-1), last);
  let before = first;
  for (const place of steps) {
    const far = Math.max(...place.map((value, axis) => Math.abs(value - before[axis])));
    assert.ok(far <= 1 + 1e-9);
    before = place;
  }
  assert.equal(steps.length, 8);
});

test("a stroke that stays in its place is one place", () => {
  assert.deepEqual(between([4, 4], [4, 4]), [[4, 4]]);
});
