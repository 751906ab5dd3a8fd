import assert from "node:assert/strict";
import test from "node:test";

import * as law from "../../book/assets/live/density-law.js";
import { Random } from "../../book/assets/live/random.js";

const TWO = [
  { weight: 0.35, mean: -1.5, std: 0.35 },
  { weight: 0.65, mean: 1, std: 0.8 },
];

function close(found, wanted, within = 1e-12) {
  assert.ok(Math.abs(found - wanted) <= within, `${found} is not ${wanted}`);
}

function draws(count, seed = 3) {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const one = TWO[random.uniform() < TWO[0].weight ? 0 : 1];
    return one.mean + one.std * random.normal();
  }).sort((a, b) => a - b);
}

test("a density integrates to one", () => {
  let sum = 0;
  for (let x = -8; x < 8; x += 1e-3) sum += 1e-3 * Math.exp(law.logDensity(x, TWO));
  close(sum, 1, 1e-9);
});

test("a density far away neither overflows nor underflows", () => {
  const one = [{ weight: 1, mean: 0, std: 1 }];
  close(law.logDensity(1000, one), -0.5 * 1e6 - 0.5 * Math.log(2 * Math.PI), 1e-6);
  close(law.logSum([-1000, -1000]), -1000 + Math.log(2));
  assert.equal(law.logSum([-Infinity, -Infinity]), -Infinity);
});

test("one Gaussian is fitted by mean and variance in one step", () => {
  const values = [1, 2, 4, 9];
  const [one] = law.emStep(values, [{ weight: 1, mean: 0, std: 1 }], 1e-3);
  close(one.mean, 4);
  close(one.std, Math.sqrt((9 + 4 + 0 + 25) / 4));
  close(one.weight, 1);
});

test("no step of EM lowers the likelihood", () => {
  const values = draws(400);
  let mixture = law.spread(values, 4);
  let before = law.score(values, mixture);
  for (let step = 0; step < 60; step++) {
    mixture = law.emStep(values, mixture, 1e-3);
    const after = law.score(values, mixture);
    assert.ok(after >= before - 1e-12, `step ${step}`);
    close(
      mixture.reduce((sum, { weight }) => sum + weight, 0),
      1,
    );
    before = after;
  }
});

test("no width falls below the floor", () => {
  const values = [0, 0, 0, 5, 6, 7];
  const start = [
    { weight: 0.5, mean: 0, std: 0.1 },
    { weight: 0.5, mean: 6, std: 1 },
  ];
  const found = law.fit(values, start, 0.01);
  close(Math.min(...found.map(({ std }) => std)), 0.01);
});

test("a Gaussian that nobody belongs to does no harm", () => {
  const start = [...TWO, { weight: 0.2, mean: 1e6, std: 1e-3 }];
  for (const one of law.emStep(draws(50), start, 1e-3)) {
    assert.ok(Object.values(one).every(Number.isFinite));
    assert.ok(one.weight > 0);
  }
});

test("the best of a few runs beats the truth on its own data, by little", () => {
  const values = draws(1000);
  const found = law.best(values, 2, 1e-3, new Random(1));
  const gain = law.score(values, found) - law.score(values, TWO);
  assert.ok(gain > 0 && gain < 0.01, `${gain}`);
});

test("more Gaussians fit no worse", () => {
  const values = draws(300);
  const scores = [1, 2, 3, 4].map((count) => {
    return law.score(values, law.best(values, count, 1e-3, new Random(count)));
  });
  for (let k = 1; k < 4; k++) assert.ok(scores[k] > scores[k - 1] - 1e-6);
});

test("weights stay a law", () => {
  const total = (mixture) => mixture.reduce((sum, { weight }) => sum + weight, 0);
  const three = law.withOneMore(TWO, 0, 1);
  close(total(three), 1);
  close(three[2].weight, 1 / 3);
  close(three[0].weight / three[1].weight, 0.35 / 0.65);
  const heavy = law.withWeight(three, 1, 0.9);
  close(total(heavy), 1);
  close(heavy[1].weight, 0.9);
  close(heavy[0].weight / heavy[2].weight, three[0].weight / three[2].weight);
  const fewer = law.without(heavy, 1);
  close(total(fewer), 1);
  assert.equal(fewer.length, 2);
});

test("a histogram is a density of what lies inside", () => {
  const heights = law.histogram([0.1, 0.2, 0.9, 5], 0, 1, 2);
  assert.deepEqual(heights, [2 / 4 / 0.5, 1 / 4 / 0.5]);
});

test("ticks are round", () => {
  assert.deepEqual(law.ticks(-3.4, 4.1), [-2, 0, 2, 4]);
  assert.deepEqual(law.ticks(2, 74), [20, 40, 60]);
  assert.equal(law.printed(-1.234, 2), "−1.23");
});

test("the least likely value is one of the data, and no outlier", () => {
  const values = draws(200);
  const found = law.leastLikely(values, [{ weight: 1, mean: 1, std: 0.8 }]);
  assert.ok(values.includes(found));
  assert.equal(found, values[2]);
  assert.equal(law.nearest([1, 2, 4], 3.2), 4);
  assert.equal(law.nearest([1, 2, 4], -9), 1);
});
