// The law of one pixel: a probability for every level.

// Log-probabilities divided by the temperature, and made to sum to one again.
export function tempered(logProbs, temperature) {
  let most = -Infinity;
  for (const value of logProbs) most = Math.max(most, value);
  const law = Float64Array.from(logProbs, (v) => Math.exp((v - most) / temperature));
  const total = law.reduce((sum, value) => sum + value, 0);
  return law.map((value) => value / total);
}

// The level drawn by inverse CDF: the first whose cumulated probability exceeds the
// draw, a number in [0, 1).
export function levelDrawn(law, uniform) {
  let cumulated = 0;
  for (let level = 0; level < law.length - 1; level++) {
    cumulated += law[level];
    if (cumulated > uniform) return level;
  }
  return law.length - 1; // what rounding has left over
}

// The surprise at a level in bits, from natural logarithms.
export function bitsOf(logProbs, level) {
  return -logProbs[level] / Math.LN2;
}

const TOPS = [0.02, 0.05, 0.1, 0.2, 0.5, 1];

// Where the axis of a law ends: one of a few numbers, so that it seldom changes.
export function topOf(law) {
  const most = law.reduce((a, b) => Math.max(a, b), 0);
  return TOPS.find((top) => most <= top) ?? 1;
}

// The path of the law's bars in a box 256 wide and 100 high.
export function barsOf(law, top) {
  return Array.from(law, (value, level) => {
    const high = Math.min(100, (100 * value) / top);
    return high < 0.05 ? "" : `M${level} 100v-${high.toFixed(2)}h1V100z`;
  }).join("");
}

// The path of the law's outline in the same box.
export function outlineOf(law, top) {
  const points = Array.from(law, (value, level) => {
    const y = 100 - Math.min(100, (100 * value) / top);
    return `${level} ${y.toFixed(2)}H${level + 1}`;
  });
  return `M${points.join("V").replace(/V(\d+) /g, "L$1 ")}`;
}
