import assert from "node:assert/strict";
import test from "node:test";

import * as law from "../../book/assets/live/codes-law.js";

const near = (value, wanted) =>
  assert.ok(Math.abs(value - wanted) < 1e-12, `${value} is not ${wanted}`);

test("the squared error is a mean over pixels, of grey from 0 to 1", () => {
  near(law.squaredError([0, 255, 51], [0, 1, 0.2]), 0);
  near(law.squaredError([255, 0], [0.5, 0]), 0.125);
  near(law.squaredError([0, 0], [-0.2, 0]), 0.02); // the autoencoder's grey may be negative
});

test("the KL is that of the closed form", () => {
  near(law.klToStandardNormal([0, 0], [0, 0]), 0);
  near(law.klToStandardNormal([3], [0]), 4.5);
  near(law.klToStandardNormal([0], [Math.log(4)]), 0.5 * (4 - 1 - Math.log(4)));
  near(law.klToStandardNormal([3, 0], [0, Math.log(4)]), 4.5 + 1.5 - Math.log(2));
});

test("the nearest point is the nearest, the first of equals", () => {
  const points = [
    [0, 0, 4],
    [3, 4, 7],
    [3, 4, 8],
  ];
  assert.deepEqual(law.nearest(points, [0, 1]), { index: 0, distance: 1 });
  assert.deepEqual(law.nearest(points, [3, 3]), { index: 1, distance: 1 });
});

test("the shares within a ring", () => {
  const points = [
    [0, 2, 0],
    [2, 2, 0],
    [-1, 0, 1],
    [0, -3, 1],
  ];
  assert.equal(law.within(points, 2), 0.5);
  near(law.priorWithin(0), 0);
  near(law.priorWithin(2), 1 - Math.exp(-2));
});

test("a number is rounded up to one that reads well", () => {
  const cases = [
    [0.29, 0.3],
    [0.3, 0.3],
    [0.31, 0.5],
    [1.2, 2],
    [7, 10],
    [0.0051, 0.01],
  ];
  for (const [value, wanted] of cases) near(law.roundUp(value), wanted);
});

test("a mark is drawn at each place, in the form of its kind", () => {
  for (let kind = 0; kind < 10; kind++) {
    const d = law.marks(
      kind,
      [
        [10, 20],
        [30, 40],
      ],
      3,
    );
    assert.equal(d.match(/M/g).length, 2, d);
    assert.doesNotMatch(d, /NaN|undefined/);
    assert.doesNotMatch(d, /\.\d\d/);
  }
  const forms = [0, 1, 5, 8].map((kind) => law.marks(kind, [[0, 0]], 3));
  assert.equal(new Set(forms).size, 4);
  assert.equal(law.marks(0, [[0, 0]], 3), law.marks(6, [[0, 0]], 3));
});

test("an ellipse is as wide and as high as told", () => {
  assert.equal(law.ellipse([5, 6], [2, 1]), "M3 6a2 1 0 1 0 4 0a2 1 0 1 0 -4 0z");
});

test("nats are read as a reader would say them", () => {
  assert.equal(law.nats(8.94), "8.9 nats");
  assert.equal(law.nats(2013.4), "2,013 nats");
  assert.equal(law.nats(-120.6), "-121 nats");
});
