import assert from "node:assert/strict";
import test from "node:test";

import { latest } from "../../book/assets/live/latest.js";

// A task whose runs end when they are told to.
function held() {
  const seen = [];
  const ends = [];
  const task = latest((...given) => {
    seen.push(given);
    return new Promise((resolve, reject) => ends.push({ resolve, reject }));
  });
  const tick = () => new Promise((resolve) => setImmediate(resolve));
  return { task, seen, ends, tick };
}

test("what came in between is dropped, the newest is not", async () => {
  const { task, seen, ends, tick } = held();
  const done = task(1, "a");
  task(2, "b");
  task(3, "c");
  assert.deepEqual(seen, [[1, "a"]]);
  ends[0].resolve();
  await tick();
  assert.deepEqual(seen, [
    [1, "a"],
    [3, "c"],
  ]);
  ends[1].resolve();
  await done;
  assert.equal(seen.length, 2);
});

test("one run at a time, and a rest is no end", async () => {
  const { task, seen, ends, tick } = held();
  const first = task(1);
  ends[0].resolve();
  await first;
  const second = task(2);
  assert.equal(seen.length, 2);
  ends[1].resolve();
  await second;
  await tick();
  assert.equal(seen.length, 2);
});

test("a run that fails is told, and the next one runs", async () => {
  const { task, seen, ends } = held();
  const first = task(1);
  ends[0].reject(new Error("no"));
  await assert.rejects(first, /no/);
  const second = task(2);
  assert.deepEqual(seen, [[1], [2]]);
  ends[1].resolve();
  await second;
});
