// Parts that the live models share, where they need no page.
import assert from "node:assert/strict";
import test from "node:test";
import { imagesOf } from "../../book/assets/live/parts.js";

test("a file of levels is its images, one after another", () => {
  const images = imagesOf(Uint8Array.from([1, 2, 3, 4, 5, 6]), 2);
  assert.deepEqual(
    images.map((image) => [...image]),
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  );
  const one = imagesOf(new Uint8Array(784).fill(9));
  assert.equal(one.length, 1);
  assert.equal(one[0].length, 784);
});

test("a file that holds no whole images says what it has", () => {
  for (const count of [0, 1, 783, 785]) {
    const wanted = new RegExp(`Expected images of 784 bytes, got ${count} bytes`);
    assert.throws(() => imagesOf(new Uint8Array(count)), wanted);
  }
});
