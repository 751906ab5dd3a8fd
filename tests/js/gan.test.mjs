// Walks among codes, scores in words, and what the GAN's page draws.
import assert from "node:assert/strict";
import test from "node:test";
import { outline } from "../../book/assets/live/gan-axis.js";
import { drawing } from "../../book/assets/live/gan-defendants.js";
import * as law from "../../book/assets/live/gan-law.js";
import { seedOf, sideBySide } from "../../book/assets/live/gan-walk.js";

test("a walk is straight and has both ends", () => {
  const [start, end] = [
    [0, 2],
    [1, -2],
  ].map((code) => Float32Array.from(code));
  assert.deepEqual([...law.mixed(start, end, 0)], [0, 2]);
  assert.deepEqual([...law.mixed(start, end, 0.25)], [0.25, 1]);
  assert.deepEqual([...law.mixed(start, end, 1)], [1, -2]);
  assert.deepEqual(law.shares(5), [0, 0.25, 0.5, 0.75, 1]);
});

test("a walk goes there and back", () => {
  const found = [0, 0.3, 1, 1.25, 2, 2.5].map(law.thereAndBack);
  assert.deepEqual(found, [0, 0.3, 1, 0.75, 0, 0.5]);
});

test("levels are scaled as the package scales them", () => {
  assert.deepEqual([...law.scaled([0, 255])], [-1, 1]);
  const [middle] = law.scaled([51]);
  assert.ok(Math.abs(middle + 0.6) < 1e-7);
  assert.deepEqual([...law.greys([-1, 0, 1])], [0, 0.5, 1]);
});

test("the share below a score counts no tie", () => {
  const sorted = [-1, 0, 0, 2];
  const found = [-2, -1, -0.5, 0, 0.1, 2, 3].map((s) => law.shareBelow(sorted, s));
  assert.deepEqual(found, [0, 0, 0.25, 0.25, 0.75, 0.75, 1]);
});

test("a histogram keeps every score, also at the ends and beyond", () => {
  const bins = law.histogram([-5, -1, -0.6, 0, 1, 9], [-1, 1], 4);
  const counts = bins.map((share) => Math.round(6 * share));
  assert.deepEqual(counts, [3, 0, 1, 2]);
});

test("an axis holds all scores, in steps of which few fit", () => {
  assert.deepEqual(law.rangeOf([-0.7, 0.9], [-0.94, 0.6]), [-1, 1, 0.5]);
  assert.deepEqual(law.rangeOf([-2, 6.2], [-3.6, 1]), [-4, 8, 2]);
});

test("a verdict is a probability only where the score is a logit", () => {
  const game = { real: [0, 1, 2, 3], fake: [-2, -1, 0, 4] };
  assert.equal(
    law.verdict(1.5, { ...game, logit: true }),
    "Real with probability 82 %. Score 1.50: higher than 50 % of real images and 75 % of fakes.",
  );
  assert.equal(
    law.verdict(-1.5, { ...game, logit: false }),
    "Score −1.50: higher than 0 % of real images and 25 % of fakes.",
  );
});

test("bars make an outline as high as the largest", () => {
  assert.equal(
    outline([0.5, 0.25], 0.5),
    "M0 100L0.00 4.00L50.00 4.00L50.00 52.00L100.00 52.00L100 100Z",
  );
});

test("pictures stand side by side", () => {
  const found = sideBySide(Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]), 2, 2);
  assert.deepEqual([...found], [1, 2, 5, 6, 3, 4, 7, 8]);
});

test("a seed is a whole number from 0 to 999", () => {
  const given = ["0", "999", " 7 ", "", " ", "1000", "-1", "1.5", "x"];
  assert.deepEqual(given.map(seedOf), [0, 999, 7, null, null, null, null, null, null]);
});

test("a drawing has the strokes that it is given", () => {
  const levels = drawing([[5, 5, 5, 20]], 100, 0.5);
  const drawn = [...levels.keys()].filter((i) => levels[i] === 100);
  assert.deepEqual(
    drawn,
    Array.from({ length: 16 }, (_, k) => 5 * 28 + 5 + k),
  );
});
