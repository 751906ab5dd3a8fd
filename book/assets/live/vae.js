// A VAE of two numbers: each picture has a cloud of codes, and all keep near N(0, I).
import { klToStandardNormal, nats } from "./codes-law.js";
import { start as startCodes } from "./codes.js";

const IMAGE = [1, 1, 28, 28];

async function encode(graph, levels) {
  const found = await graph.run({ x: { data: levels, dims: IMAGE } });
  const mu = [...found.mu.data];
  const logVar = [...found.log_var.data];
  const deviations = logVar.map((value) => Math.exp(value / 2));
  return { mu, logVar, deviations, kl: klToStandardNormal(mu, logVar) };
}

async function decode(graph, z, levels) {
  const { grey, nats: cost } = await graph.run({
    z: { data: Float32Array.from(z), dims: [1, 2] },
    x: { data: levels, dims: IMAGE },
  });
  return { grey: grey.data, cost: cost.data[0] };
}

function rows({ cost, home, code }) {
  return [
    ["−log p(x | z) at the point", nats(cost)],
    ["… at the encoder's code", nats(home)],
    ["KL from q(z | x) to N(0, I)", nats(code.kl)],
  ];
}

export function start(panel, kit) {
  const prior = "Training pulled the codes towards N(0, I).";
  return startCodes(panel, kit, {
    encode,
    decode,
    rows,
    prior,
    cloud: true,
    first: 14,
  });
}
