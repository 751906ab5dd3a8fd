import assert from "node:assert/strict";
import test from "node:test";

import { clamp, fromBox, stepped, toBox } from "../../book/assets/live/plane.js";

const X = [-2, 6];
const Y = [-10, 10];

test("a number is held between two others", () => {
  assert.deepEqual(
    [-3, 0.5, 9].map((value) => clamp(value, 0, 1)),
    [0, 0.5, 1],
  );
});

test("a box's corners are the plane's, the top being high", () => {
  assert.deepEqual(fromBox([0, 0], X, Y), [-2, 10]);
  assert.deepEqual(fromBox([1, 1], X, Y), [6, -10]);
  assert.deepEqual(fromBox([0.25, 0.75], X, Y), [0, -5]);
  assert.deepEqual(toBox([0, -5], X, Y), [0.25, 0.75]);
});

test("a pointer outside the box is taken to its edge", () => {
  assert.deepEqual(fromBox([-1, 7], X, Y), [-2, -10]);
});

test("to a box and back is where it began", () => {
  for (const place of [
    [-2, 10],
    [1.7, -3.3],
    [6, 0],
  ]) {
    const again = fromBox(toBox(place, X, Y), X, Y);
    again.forEach((value, k) => assert.ok(Math.abs(value - place[k]) < 1e-12));
  }
});

test("arrows go a fiftieth of the plane, with shift a tenth", () => {
  const go = (key, shiftKey = false) => stepped([1, 1], { key, shiftKey }, X, Y);
  assert.deepEqual(go("ArrowRight"), [1 + 8 / 50, 1]);
  assert.deepEqual(go("ArrowLeft"), [1 - 8 / 50, 1]);
  assert.deepEqual(go("ArrowUp"), [1, 1 + 20 / 50]);
  assert.deepEqual(go("ArrowDown", true), [1, 1 - 2]);
});

test("other keys lead nowhere, and no key leads off the plane", () => {
  for (const key of ["Enter", "Tab", "a", "constructor"]) {
    assert.equal(stepped([0, 0], { key, shiftKey: false }, X, Y), null);
  }
  const edge = stepped([5.99, 0], { key: "ArrowRight", shiftKey: true }, X, Y);
  assert.deepEqual(edge, [6, 0]);
});
