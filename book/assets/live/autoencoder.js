// An autoencoder of two numbers: nothing says where its codes may lie.
import { squaredError } from "./codes-law.js";
import { start as startCodes } from "./codes.js";

async function encode(graph, levels) {
  const { mu } = await graph.run({ x: { data: levels, dims: [1, 1, 28, 28] } });
  return { mu: [...mu.data] };
}

async function decode(graph, z, levels) {
  const { grey } = await graph.run({
    z: { data: Float32Array.from(z), dims: [1, 2] },
  });
  return { grey: grey.data, cost: squaredError(levels, grey.data) };
}

function rows({ cost, home }) {
  return [
    ["Squared error at the point", perPixel(cost)],
    ["… at the encoder's code", perPixel(home)],
  ];
}

function perPixel(error) {
  return `${error.toFixed(4)} per pixel`;
}

export function start(panel, kit) {
  const prior = "Nothing told the encoder to keep to N(0, I).";
  return startCodes(panel, kit, {
    encode,
    decode,
    rows,
    prior,
    cloud: false,
    first: 14,
  });
}
