// What a GAN's page computes itself: walks among codes, and scores in words.

// The code at a share of the straight way from one to another.
export function mixed(start, end, share) {
  return Float32Array.from(start, (value, i) => value + share * (end[i] - value));
}

// Shares 0 ... 1, evenly spaced, both ends included.
export function shares(steps) {
  return Array.from({ length: steps }, (_, i) => i / (steps - 1));
}

// Where a walk is that goes there and back, 0 to 1, after so many ways.
export function thereAndBack(ways) {
  const place = ways % 2;
  return place <= 1 ? place : 2 - place;
}

// Levels 0 ... 255 as the discriminator sees them, in [-1, 1].
export function scaled(levels) {
  return Float32Array.from(levels, (level) => (2 * level) / 255 - 1);
}

// Points in [-1, 1] as greys from 0 to 1.
export function greys(points) {
  return Float32Array.from(points, (value) => (value + 1) / 2);
}

export function sigmoid(score) {
  return 1 / (1 + Math.exp(-score));
}

// The share of scores, sorted from low to high, that lie below a score.
export function shareBelow(sorted, score) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < score) low = middle + 1;
    else high = middle;
  }
  return low / sorted.length;
}

// The share of scores in each of `count` bins of equal width from low to high.
export function histogram(scores, [low, high], count) {
  const bins = new Array(count).fill(0);
  for (const score of scores) {
    const place = Math.floor((count * (score - low)) / (high - low));
    bins[Math.min(count - 1, Math.max(0, place))] += 1 / scores.length;
  }
  return bins;
}

// Whole ends of an axis that holds all scores, in steps of which few fit.
export function rangeOf(...sets) {
  const all = sets.flat();
  const largest = Math.max(...all.map(Math.abs));
  const step = [0.25, 0.5, 1, 2, 5].find((size) => size * 3.5 >= largest) ?? 10;
  return [
    step * Math.floor(Math.min(...all) / step),
    step * Math.ceil(Math.max(...all) / step),
    step,
  ];
}

function percent(share) {
  return `${Math.round(100 * share)} %`;
}

function signed(score) {
  return score.toFixed(2).replace("-", "−");
}

// A score in words. `game.logit` says whether its sigmoid is a probability.
export function verdict(score, game) {
  const [real, fake] = [game.real, game.fake].map((set) => shareBelow(set, score));
  const said = game.logit ? `Real with probability ${percent(sigmoid(score))}. ` : "";
  return `${said}Score ${signed(score)}: higher than ${percent(real)} of real images and ${percent(fake)} of fakes.`;
}
