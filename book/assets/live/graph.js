// ONNX graphs, run by onnxruntime-web on one thread of this page.
const VENDOR = new URL("../vendor/onnxruntime/", import.meta.url);

export const RUNTIME = new URL("ort-wasm-simd-threaded.wasm", VENDOR);

let runtime = null;

// `bytes` are those of RUNTIME.
export async function openRuntime(bytes) {
  if (typeof WebAssembly === "undefined") {
    throw new Error("This browser cannot run WebAssembly, which the model needs.");
  }
  if (runtime) return;
  const ort = await import(new URL("ort.wasm.min.mjs", VENDOR));
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = VENDOR.href;
  ort.env.wasm.wasmBinary = bytes;
  ort.env.logLevel = "error";
  runtime = ort;
}

export class Graph {
  #session;
  #last = Promise.resolve();

  constructor(session) {
    this.#session = session;
  }

  static async open(bytes) {
    return new Graph(await runtime.InferenceSession.create(bytes));
  }

  // {name: {data: Float32Array | BigInt64Array, dims}} -> the same of the outputs.
  // A session runs once at a time, so calls wait for one another.
  run(inputs) {
    const turn = this.#last.then(() => this.#session.run(tensors(inputs)));
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function tensors(inputs) {
  const entries = Object.entries(inputs).map(([name, { data, dims }]) => {
    const type = data instanceof BigInt64Array ? "int64" : "float32";
    return [name, new runtime.Tensor(type, data, dims)];
  });
  return Object.fromEntries(entries);
}
