import assert from "node:assert/strict";
import test from "node:test";

import { pixelsOf } from "../../book/assets/live/pixelcnn-drawing.js";
import { Runner } from "../../book/assets/live/pixelcnn-runner.js";
import { close, drawing } from "./pixelcnn-graphs.mjs";

function runner(made, rate = 60) {
  const clock = { time: 0, shows: 0 };
  const running = new Runner(made, {
    frame: async () => {
      clock.time += 1000 / 60;
    },
    rest: async () => {},
    show: () => {
      clock.shows += 1;
    },
    now: () => clock.time,
  });
  running.rate = rate;
  return { clock, running };
}

test("so many pixels a second are drawn", async () => {
  for (const rate of [20, 60, 240]) {
    const made = drawing();
    made.keep(pixelsOf("upper"), () => 0);
    const { clock, running } = runner(made, rate);
    await running.run();
    close(clock.time / 1000, 392 / rate, 0.02 * (392 / rate));
    assert.equal(made.complete, true);
    assert.equal(running.running, false);
  }
});

test("a stopped run stops, and goes on where it was", async () => {
  const made = drawing();
  const { clock, running } = runner(made);
  const end = running.run();
  assert.equal(running.running, true);
  while (clock.shows < 10) await Promise.resolve();
  running.stop();
  await end;
  const { next } = made;
  assert.ok(next > 5 && next < 20);
  await running.run();
  assert.equal(made.next, 784);
});

test("a newer run ends an older one", async () => {
  const made = drawing();
  const { running } = runner(made);
  const older = running.run();
  await running.all();
  await older;
  assert.equal(made.complete, true);
  assert.equal(running.running, false);
});

test("all at once shows the image when it is there", async () => {
  const made = drawing();
  const { clock, running } = runner(made);
  await running.all();
  assert.deepEqual([clock.shows, clock.time, made.complete], [1, 0, true]);
});

test("an error ends a run and is passed on", async () => {
  const made = drawing();
  made.reader.pixel.run = async () => {
    throw new Error("out of memory");
  };
  const { running } = runner(made);
  await assert.rejects(running.run(), /out of memory/);
  assert.equal(running.running, false);
});
