// What a live model is given: its files, with one progress for all, and a voice.
import { Graph, openRuntime, RUNTIME } from "./graph.js";
import { el } from "./parts.js";

const MEGA = 1e6;

export class Kit {
  // `folder` is the URL of the model's files; `report(part, words)` shows progress.
  constructor(folder, report = () => {}) {
    this.folder = folder;
    this.report = report;
    // Read aloud when its text changes; not seen.
    this.spoken = el("p", { className: "gc-live-spoken", role: "status" });
  }

  say(words) {
    this.spoken.textContent = words;
  }

  // {name: "file.onnx" | "file.json" | "file.bin"} -> {name: Graph | value | bytes}
  async load(files) {
    const sizes = JSON.parse(
      text(await fetchBytes(new URL("files.json", this.folder))),
    );
    const urls = Object.values(files).map((file) => new URL(file, this.folder));
    const graphs = Object.values(files).some((file) => file.endsWith(".onnx"));
    const known = Object.values(files).map((file) => sizes[file] ?? 0);
    if (graphs) {
      urls.push(RUNTIME);
      known.push(sizes.runtime ?? 0);
    }
    const got = new Array(urls.length).fill(0);
    const whole = Math.max(1, known.reduce(sum, 0));
    const step = (place) => (count) => {
      got[place] = count;
      this.report(got.reduce(sum, 0) / whole, progress(got.reduce(sum, 0), whole));
    };
    const all = await Promise.all(urls.map((url, i) => fetchBytes(url, step(i))));
    if (graphs) {
      this.report(1, "Starting …");
      await openRuntime(all.pop());
    }
    const entries = Object.entries(files).map(async ([name, file], i) => {
      return [name, await opened(file, all[i])];
    });
    return Object.fromEntries(await Promise.all(entries));
  }
}

function sum(a, b) {
  return a + b;
}

export function progress(got, whole) {
  const amount = (bytes) => (bytes / MEGA).toFixed(1);
  return `Loading: ${amount(got)} of ${amount(whole)} MB`;
}

function text(bytes) {
  return new TextDecoder().decode(bytes);
}

async function opened(file, bytes) {
  if (file.endsWith(".json")) return JSON.parse(text(bytes));
  if (!file.endsWith(".onnx")) return bytes;
  try {
    return await Graph.open(bytes);
  } catch (cause) {
    throw new Error(`The model ${file} could not be read.`, { cause });
  }
}

// A file's bytes; what fails is said in words, with the file's name.
export async function fetchBytes(url, step = () => {}) {
  const file = url.pathname.split("/").pop();
  const offline = `The file ${file} could not be loaded. Are you online?`;
  let response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw new Error(offline, { cause });
  }
  if (!response.ok) {
    throw new Error(`The file ${file} could not be loaded: ${response.status}.`);
  }
  const parts = [];
  let count = 0;
  try {
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      count += value.length;
      step(count);
    }
  } catch (cause) {
    throw new Error(offline, { cause });
  }
  return joined(parts, count);
}

function joined(parts, count) {
  const all = new Uint8Array(count);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
