import assert from "node:assert/strict";
import test from "node:test";

import {
  barsOf,
  bitsOf,
  levelDrawn,
  outlineOf,
  tempered,
  topOf,
} from "../../book/assets/live/pixelcnn-law.js";
import { close } from "./pixelcnn-graphs.mjs";

test("at temperature 1 the law is the model's own", () => {
  const law = tempered([0.5, 0.3, 0.2].map(Math.log), 1);
  [0.5, 0.3, 0.2].forEach((p, k) => close(law[k], p));
});

test("a temperature takes the power 1 / T of each probability", () => {
  const half = tempered([0.8, 0.2].map(Math.log), 0.5);
  close(half[0], 0.64 / 0.68);
  const twice = tempered([0.8, 0.2].map(Math.log), 2);
  close(twice[0], Math.sqrt(0.8) / (Math.sqrt(0.8) + Math.sqrt(0.2)));
});

test("a law stays finite where logarithms are far apart", () => {
  const law = tempered([-3000, -1, -900], 0.1);
  assert.deepEqual([...law], [0, 1, 0]);
});

test("the inverse CDF takes the first level that exceeds the draw", () => {
  const law = [0.25, 0.25, 0, 0.5];
  const drawn = [0, 0.2499, 0.25, 0.4999, 0.5, 0.999999].map((u) => levelDrawn(law, u));
  assert.deepEqual(drawn, [0, 0, 1, 1, 3, 3]);
});

test("what rounding leaves over goes to the last level", () => {
  assert.equal(levelDrawn([0.5, 0.49999], 0.999999), 1);
});

test("surprise is in bits", () => {
  close(bitsOf([Math.log(0.25), Math.log(0.75)], 0), 2);
});

test("the axis ends at one of a few numbers, above the law", () => {
  assert.deepEqual(
    [0.001, 0.02, 0.021, 0.4, 0.9999].map((p) => topOf([p, 0])),
    [0.02, 0.02, 0.05, 0.5, 1],
  );
});

test("bars and outline have the law's heights", () => {
  assert.equal(
    barsOf([0.5, 0, 0.25], 0.5),
    "M0 100v-100.00h1V100zM2 100v-50.00h1V100z",
  );
  assert.equal(outlineOf([0.5, 0.25], 0.5), "M0 0.00H1L1 50.00H2");
});
