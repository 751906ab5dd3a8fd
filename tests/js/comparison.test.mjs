// The rules of "which model made this?".
import assert from "node:assert/strict";
import test from "node:test";
import * as law from "../../book/assets/live/comparison-game.js";
import { Random } from "../../book/assets/live/random.js";

const NAMES = Object.keys(law.MAKERS);
const COUNTS = Object.fromEntries(NAMES.map((name) => [name, 24]));
const SEEDS = Array.from({ length: 200 }, (_, i) => i * 37 - 1000);

test("a game has ten rounds, each maker in one or two, no picture twice", () => {
  for (const seed of SEEDS) {
    const rounds = law.roundsOf(seed, COUNTS);
    assert.equal(rounds.length, law.ROUNDS);
    for (const name of NAMES) {
      const mine = rounds.filter((round) => round.truth === name);
      assert.ok([1, 2].includes(mine.length), `${seed}: ${name}`);
      const pictures = mine.flatMap((round) => round.pictures);
      assert.equal(new Set(pictures).size, law.SHOWN * mine.length);
      assert.ok(pictures.every((place) => place >= 0 && place < COUNTS[name]));
    }
  }
});

test("four different answers are given, in one order, the truth among them", () => {
  for (const { truth, options } of SEEDS.flatMap((s) => law.roundsOf(s, COUNTS))) {
    assert.equal(new Set(options).size, law.CHOICES);
    assert.ok(options.includes(truth));
    assert.deepEqual(
      options,
      NAMES.filter((name) => options.includes(name)),
    );
  }
});

test("the place of an answer does not tell the truth", () => {
  const places = new Array(law.CHOICES).fill(0);
  const rounds = SEEDS.flatMap((seed) => law.roundsOf(seed, COUNTS));
  for (const { truth, options } of rounds) places[options.indexOf(truth)] += 1;
  for (const count of places) {
    assert.ok(Math.abs(count / rounds.length - 0.25) < 0.04, String(places));
  }
});

test("the same seed gives the same game, and another one another", () => {
  const [one, same, other] = [3, 3, 4].map((seed) => law.roundsOf(seed, COUNTS));
  assert.deepEqual(one, same);
  assert.notDeepEqual(one, other);
});

test("shuffling keeps all and has no favourite place", () => {
  const random = new Random(1);
  const first = { a: 0, b: 0, c: 0 };
  for (let i = 0; i < 3000; i++) {
    const found = law.shuffled(["a", "b", "c"], random);
    assert.deepEqual([...found].sort(), ["a", "b", "c"]);
    first[found[0]] += 1;
  }
  for (const count of Object.values(first)) {
    assert.ok(Math.abs(count - 1000) < 100, JSON.stringify(first));
  }
});

const GIVEN = ["real", "vae", "vae", "sngan", "real"].map((answer) => ({
  truth: answer === "sngan" ? "real" : answer,
  answer,
}));

test("right answers and rows of them are counted", () => {
  assert.deepEqual(law.scoreOf([]), { done: 0, right: 0, streak: 0, best: 0 });
  assert.deepEqual(law.scoreOf(GIVEN), { done: 5, right: 4, streak: 1, best: 3 });
  assert.equal(law.scoreOf(GIVEN.slice(0, 4)).streak, 0);
});

test("confusions count each answer under its maker", () => {
  const table = law.confusions(GIVEN);
  assert.deepEqual(Object.keys(table), NAMES);
  assert.equal(table.real.real, 2);
  assert.equal(table.real.sngan, 1);
  assert.equal(table.vae.vae, 2);
  const all = Object.values(table).flatMap((row) => Object.values(row));
  assert.equal(
    all.reduce((a, b) => a + b),
    GIVEN.length,
  );
});

test("a verdict names the maker and what gives it away", () => {
  const right = law.verdict({ truth: "vae", answer: "vae" });
  assert.ok(right.startsWith("Right: VAE. ") && right.includes("grain"));
  const wrong = law.verdict({ truth: "vae", answer: "real" });
  assert.ok(wrong.startsWith("No: VAE. ") && wrong.includes("grain"));
});

test("the summary holds the score against guessing", () => {
  assert.equal(
    law.summary({ right: 7, done: 10, best: 3 }),
    "7 of 10 right, at best 3 in a row. Guessing gets 2.5 on average.",
  );
});

test("a picture is as rough as its neighbours differ, within a row", () => {
  assert.equal(law.roughness([0, 10, 30, 200, 200, 200], 3), (10 + 20) / 4);
  assert.equal(law.roughness(new Uint8Array(784)), 0);
});
