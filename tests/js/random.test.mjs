import assert from "node:assert/strict";
import test from "node:test";

import { Random } from "../../book/assets/live/random.js";

const COUNT = 40_000;
const many = (draw) => Array.from({ length: COUNT }, draw);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const near = (value, wanted, room) =>
  assert.ok(Math.abs(value - wanted) < room, `${value} is not ${wanted} ± ${room}`);

// Four standard errors: fails by luck once in 16,000 seeds, and the seed is fixed.
const room = (deviation) => (4 * deviation) / Math.sqrt(COUNT);

test("a seed repeats its numbers, another does not", () => {
  const numbers = (seed) => {
    const random = new Random(seed);
    return [random.uniform(), random.normal(), random.integer(1000), ...random.code(3)];
  };
  assert.deepEqual(numbers(5), numbers(5));
  assert.notDeepEqual(numbers(5), numbers(6));
});

test("uniform numbers fill [0, 1) evenly", () => {
  const random = new Random(1);
  const found = many(() => random.uniform());
  assert.ok(found.every((value) => value >= 0 && value < 1));
  near(mean(found), 1 / 2, room(Math.sqrt(1 / 12)));
  near(mean(found.map((value) => value ** 2)), 1 / 3, room(0.3));
});

test("integers are those below the count, each as often", () => {
  const random = new Random(2);
  const found = many(() => random.integer(5));
  for (const wanted of [0, 1, 2, 3, 4]) {
    near(mean(found.map((value) => value === wanted)), 1 / 5, room(0.4));
  }
});

test("normal numbers have the moments of N(0, 1)", () => {
  const random = new Random(3);
  const found = many(() => random.normal());
  assert.ok(found.every(Number.isFinite));
  const moment = (order) => mean(found.map((value) => value ** order));
  near(moment(1), 0, room(1));
  near(moment(2), 1, room(Math.sqrt(2)));
  near(moment(3), 0, room(Math.sqrt(15)));
  near(moment(4), 3, room(Math.sqrt(96)));
  near(mean(found.map((value) => Math.abs(value) < 1)), 0.6827, room(0.47));
});

test("normal numbers know nothing of one another", () => {
  const random = new Random(4);
  const found = many(() => random.normal());
  for (const lag of [1, 2]) {
    const products = found.slice(lag).map((value, k) => value * found[k]);
    near(mean(products), 0, room(1));
    const squares = found.slice(lag).map((value, k) => value ** 2 * found[k] ** 2);
    near(mean(squares), 1, room(Math.sqrt(8)));
  }
});

test("a code is as long as asked for", () => {
  const code = new Random(0).code(7);
  assert.ok(code instanceof Float32Array);
  assert.equal(code.length, 7);
  assert.equal(new Set(code).size, 7);
});

// A generator that is only handed its seed may start nearly alike for all of them.
const SEEDS = Array.from({ length: 4000 }, (_, seed) => seed);

test("the first numbers of many seeds have the moments of N(0, 1)", () => {
  const codes = SEEDS.map((seed) => new Random(seed).code(4));
  for (const place of [0, 1, 2, 3]) {
    const found = codes.map((code) => code[place]);
    near(mean(found), 0, 4 / Math.sqrt(SEEDS.length));
    near(mean(found.map((value) => value ** 2)), 1, 4 * Math.sqrt(2 / SEEDS.length));
  }
});

test("neighbouring seeds know nothing of each other", () => {
  const first = SEEDS.map((seed) => new Random(seed).uniform() - 0.5);
  const products = first.slice(1).map((value, k) => 12 * value * first[k]);
  near(mean(products), 0, 4 / Math.sqrt(SEEDS.length));
});
