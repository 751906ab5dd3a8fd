// Mixtures of Gaussians on the line: pure functions, in 64 bits, no page.
// A mixture is a list of {weight, mean, std}; the weights sum to one.
const LOG_TWO_PI = Math.log(2 * Math.PI);

function logTerms(x, mixture) {
  return mixture.map(({ weight, mean, std }) => {
    const z = (x - mean) / std;
    return Math.log(weight) - 0.5 * (z * z + LOG_TWO_PI) - Math.log(std);
  });
}

// Log of a sum of exponentials, which neither overflows nor underflows.
export function logSum(terms) {
  const top = Math.max(...terms);
  if (!Number.isFinite(top)) return top;
  return top + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - top), 0));
}

export function logDensity(x, mixture) {
  return logSum(logTerms(x, mixture));
}

// The mean log-density of the values, in nats.
export function score(values, mixture) {
  return values.reduce((sum, x) => sum + logDensity(x, mixture), 0) / values.length;
}

// One step of EM: who is responsible for each value, then each one's share, mean and
// width. No width falls below `floor` (Dempster, Laird and Rubin 1977).
export function emStep(values, mixture, floor) {
  const sums = mixture.map(() => ({ share: 0, first: 0, second: 0 }));
  for (const x of values) {
    const terms = logTerms(x, mixture);
    const whole = logSum(terms);
    terms.forEach((term, k) => {
      const share = Math.exp(term - whole);
      sums[k].share += share;
      sums[k].first += share * x;
      sums[k].second += share * x * x;
    });
  }
  const stepped = sums.map(({ share, first, second }, k) => {
    if (share < 1e-9) return { ...mixture[k], weight: 1e-9 };
    const mean = first / share;
    const std = Math.sqrt(Math.max(second / share - mean * mean, 0));
    return { weight: share / values.length, mean, std: Math.max(std, floor) };
  });
  return normalised(stepped);
}

function normalised(mixture) {
  const whole = mixture.reduce((sum, { weight }) => sum + weight, 0);
  return mixture.map((one) => ({ ...one, weight: one.weight / whole }));
}

// EM until a step gains less than `gain` nats per value, or `most` steps.
export function fit(values, mixture, floor, { gain = 1e-9, most = 500 } = {}) {
  let found = mixture;
  let before = score(values, found);
  for (let step = 0; step < most; step++) {
    found = emStep(values, found, floor);
    const after = score(values, found);
    if (after - before < gain) break;
    before = after;
  }
  return found;
}

// `count` Gaussians side by side, at quantiles of the sorted values.
export function spread(sorted, count) {
  const middle = sorted.reduce((sum, x) => sum + x, 0) / sorted.length;
  const variance =
    sorted.reduce((sum, x) => sum + (x - middle) ** 2, 0) / sorted.length;
  return Array.from({ length: count }, (_, k) => ({
    weight: 1 / count,
    mean: sorted[Math.floor(((k + 0.5) / count) * sorted.length)],
    std: Math.sqrt(variance) / count,
  }));
}

// The best of a few runs of EM: it finds a summit, not always the highest. Starts are
// the quantiles, and `random` values of the data.
export function best(sorted, count, floor, random, tries = 4) {
  const starts = [spread(sorted, count)];
  while (starts.length < tries) {
    const wide = starts[0];
    const mean = () => sorted[random.integer(sorted.length)];
    starts.push(
      wide.map((one) => ({ ...one, mean: mean(), std: one.std * count * 0.5 })),
    );
  }
  const found = starts.map((start) =>
    fit(sorted, start, floor, { gain: 1e-7, most: 300 }),
  );
  const scores = found.map((mixture) => score(sorted, mixture));
  return found[scores.indexOf(Math.max(...scores))];
}

// The mixture with another weight for one Gaussian; the others keep their proportions.
export function withWeight(mixture, chosen, weight) {
  const rest = 1 - mixture[chosen].weight;
  return mixture.map((one, k) => {
    if (k === chosen) return { ...one, weight };
    const share = rest > 1e-12 ? one.weight / rest : 1 / (mixture.length - 1);
    return { ...one, weight: (1 - weight) * share };
  });
}

export function without(mixture, chosen) {
  const others = mixture.filter((_, k) => k !== chosen);
  return normalised(
    others.map((one) => ({ ...one, weight: Math.max(one.weight, 1e-6) })),
  );
}

export function withOneMore(mixture, mean, std) {
  const weight = 1 / (mixture.length + 1);
  const others = mixture.map((one) => ({ ...one, weight: one.weight * (1 - weight) }));
  return [...others, { weight, mean, std }];
}

// The value that a mixture finds least likely, the outermost hundredths left out.
export function leastLikely(sorted, mixture) {
  const edge = Math.floor(sorted.length / 100);
  const inside = sorted.slice(edge, sorted.length - edge);
  const found = inside.map((x) => logDensity(x, mixture));
  return inside[found.indexOf(Math.min(...found))];
}

export function nearest(values, place) {
  return values.reduce((a, b) => (Math.abs(b - place) < Math.abs(a - place) ? b : a));
}

// How dense the values lie in equal boxes from `low` to `high`.
export function histogram(values, low, high, boxes) {
  const counts = new Array(boxes).fill(0);
  const side = (high - low) / boxes;
  for (const x of values) {
    const box = Math.floor((x - low) / side);
    if (box >= 0 && box < boxes) counts[box] += 1;
  }
  return counts.map((count) => count / (values.length * side));
}

// About `count` round values from `low` to `high`, steps of 1, 2 or 5 times a power of 10.
export function ticks(low, high, count = 6) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((one) => one * power >= rough) * power;
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) found.push(k * step);
  return found.map((value) => Number(value.toFixed(10)));
}

// A number as it is printed, with a minus sign that is one.
export function printed(value, digits) {
  return value.toFixed(digits).replace("-", "−");
}
