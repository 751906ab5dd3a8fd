// Loading: one progress for all files, and errors in words that name the file.
import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";
import { fetchBytes, Kit, progress } from "../../book/assets/live/kit.js";

const FOLDER = new URL("http://site.example/models/small/");
const realFetch = globalThis.fetch;
let files = {};

// A body that comes in parts, and may break after some of them.
function streamed(parts, broken) {
  return new ReadableStream({
    pull(controller) {
      const next = parts.shift();
      if (next) controller.enqueue(Uint8Array.from(next));
      else if (broken) controller.error(new Error("cut off"));
      else controller.close();
    },
  });
}

beforeEach(() => {
  files = {};
  // All that the kit's voice needs of a page.
  globalThis.document = { createElement: () => ({ append() {}, setAttribute() {} }) };
  globalThis.fetch = async (url) => {
    const name = url.pathname.split("/").pop();
    const file = files[name];
    if (file === undefined) return new Response("", { status: 404 });
    if (file instanceof Error) throw file;
    return new Response(file.broken ? streamed([...file.parts], true) : body(file));
  };
});

afterEach(() => {
  globalThis.fetch = realFetch;
  delete globalThis.document;
});

function body(file) {
  return file.parts ? streamed([...file.parts], false) : JSON.stringify(file);
}

function put(contents, sizes) {
  files = { ...contents, "files.json": sizes };
}

test("bytes come in order, and each part is counted", async () => {
  files["a.bin"] = { parts: [[1, 2], [3], [4, 5, 6]] };
  const counts = [];
  const bytes = await fetchBytes(new URL("a.bin", FOLDER), (n) => counts.push(n));
  assert.deepEqual([...bytes], [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(counts, [2, 3, 6]);
});

test("an empty file is no error", async () => {
  files["a.bin"] = { parts: [] };
  assert.equal((await fetchBytes(new URL("a.bin", FOLDER))).length, 0);
});

test("a missing file is named, with its code", async () => {
  await assert.rejects(fetchBytes(new URL("lost.bin?v=1", FOLDER)), {
    message: "The file lost.bin could not be loaded: 404.",
  });
});

test("a network that fails, at once or on the way, is said in words", async () => {
  files["a.bin"] = new TypeError("Failed to fetch");
  files["b.bin"] = { parts: [[1, 2]], broken: true };
  for (const name of ["a.bin", "b.bin"]) {
    await assert.rejects(fetchBytes(new URL(name, FOLDER)), (error) => {
      assert.equal(
        error.message,
        `The file ${name} could not be loaded. Are you online?`,
      );
      assert.ok(error.cause instanceof Error);
      return true;
    });
  }
});

test("files come under their names: numbers read, levels as bytes", async () => {
  const contents = { "a.json": { scores: [1] }, "b.bin": { parts: [[7], [8]] } };
  put(contents, { "a.json": 14, "b.bin": 2, runtime: 100 });
  const got = await new Kit(FOLDER).load({ numbers: "a.json", levels: "b.bin" });
  assert.deepEqual(got.numbers, { scores: [1] });
  assert.deepEqual([...got.levels], [7, 8]);
});

test("one progress counts all files, and leaves out what is not loaded", async () => {
  const parts = {
    parts: [
      [1, 2],
      [3, 4],
    ],
  };
  put({ "a.bin": parts, "b.bin": parts }, { "a.bin": 4, "b.bin": 4, runtime: 100 });
  const seen = [];
  const kit = new Kit(FOLDER, (part) => seen.push(part));
  await kit.load({ a: "a.bin", b: "b.bin" });
  assert.deepEqual(seen, [...seen].sort());
  assert.equal(seen.length, 4);
  assert.equal(seen.at(-1), 1);
});

test("a file that fails fails the whole", async () => {
  put({ "a.bin": { parts: [[1]] } }, { "a.bin": 1 });
  const kit = new Kit(FOLDER);
  await assert.rejects(kit.load({ a: "a.bin", b: "b.json" }), /b\.json .*: 404/);
  files = { "a.bin": { parts: [[1]] } };
  await assert.rejects(kit.load({ a: "a.bin" }), /files\.json .*: 404/);
});

test("progress is told in megabytes", () => {
  assert.equal(progress(1_260_000, 17_000_000), "Loading: 1.3 of 17.0 MB");
});

test("the kit's voice says the last words given", () => {
  const kit = new Kit(FOLDER);
  kit.say("one");
  kit.say("two");
  assert.equal(kit.spoken.textContent, "two");
});
