import assert from "node:assert/strict";
import test from "node:test";

import * as law from "../../book/assets/live/pixelrnn-law.js";

// Two by two: a pixel sees the one before it, and the last one itself as well.
const MASK = [...[0, 0, 0, 0], ...[1, 0, 0, 0], ...[0, 1, 0, 0], ...[0, 0, 1, 1]];

test("a mask comes back bit by bit", () => {
  const bits = Buffer.from([0b00001000, 0b01000011]).toString("base64");
  assert.deepEqual([...law.unpacked(bits, 16)], MASK);
  assert.deepEqual([...law.unpacked(bits, 13)], MASK.slice(0, 13));
});

test("a mask of another size is refused", () => {
  assert.throws(() => law.unpacked("AAAA", 16), /a mask of 16 bits, got 3 bytes/);
});

test("each pixel is one of five kinds", () => {
  assert.deepEqual(law.kinds(MASK, 0, 4), ["own", "future", "future", "future"]);
  assert.deepEqual(law.kinds(MASK, 2, 4), ["hidden", "seen", "own", "future"]);
  assert.deepEqual(law.kinds(MASK, 3, 4), ["hidden", "hidden", "seen", "leak"]);
  const later = [0, 0, 1, 0];
  assert.deepEqual(law.kinds(later, 0, 4)[2], "leak");
});

test("counts add up to all pixels", () => {
  const count = law.counted(law.kinds(MASK, 3, 4));
  assert.deepEqual(count, { own: 0, seen: 1, hidden: 2, future: 0, leak: 1 });
});

test("words tell the whole past, a part, a leak and nothing", () => {
  assert.equal(
    law.inWords({ seen: 3, hidden: 0, leak: 0 }),
    "Sees all 3 pixels before it.",
  );
  assert.match(
    law.inWords({ seen: 2, hidden: 5, leak: 0 }),
    /^Sees 2 of the 7 .* 5 stay hidden\.$/,
  );
  assert.match(law.inWords({ seen: 2, hidden: 1, leak: 0 }), / 1 stays hidden\.$/);
  assert.match(law.inWords({ seen: 2, hidden: 0, leak: 1 }), /must not: a leak\.$/);
  assert.equal(
    law.inWords({ seen: 0, hidden: 0, leak: 0 }),
    "No pixel comes before this one.",
  );
});
