// The arithmetic of a plane of codes.

export const LEVELS = 256;

// Mean over the pixels of the squared difference, grey from 0 to 1.
export function squaredError(levels, grey) {
  let total = 0;
  for (let i = 0; i < levels.length; i++) {
    total += (levels[i] / (LEVELS - 1) - grey[i]) ** 2;
  }
  return total / levels.length;
}

// KL(N(mu, diag exp(logVar)) || N(0, I)) in nats.
export function klToStandardNormal(mu, logVar) {
  return mu.reduce(
    (sum, m, k) => sum + 0.5 * (m * m + Math.exp(logVar[k]) - 1 - logVar[k]),
    0,
  );
}

// The place among `points` [x, y, kind] of the one that is nearest, and how far it is.
export function nearest(points, [x, y]) {
  const far = points.map(([px, py]) => Math.hypot(px - x, py - y));
  const distance = Math.min(...far);
  return { index: far.indexOf(distance), distance };
}

// The share of `points` that lie within a distance of the middle.
export function within(points, radius) {
  return points.filter(([x, y]) => Math.hypot(x, y) <= radius).length / points.length;
}

// The same share of N(0, I), in two dimensions.
export function priorWithin(radius) {
  return 1 - Math.exp(-(radius ** 2) / 2);
}

// The smallest of ... 0.1, 0.2, 0.3, 0.5, 1 ... that is not below a number.
export function roundUp(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * [1, 2, 3, 5, 10].find((step) => step * unit >= value);
}

const round = ([x, y], r) =>
  `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
const square = ([x, y], r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
const triangle = ([x, y], r) =>
  `M${x} ${y - 1.2 * r}l${1.2 * r} ${2.1 * r}h${-2.4 * r}z`;
const diamond = ([x, y], r) =>
  `M${x} ${y - 1.3 * r}l${1.3 * r} ${1.3 * r}l${-1.3 * r} ${1.3 * r}l${-1.3 * r} ${-1.3 * r}z`;
const cross = ([x, y], r) =>
  `M${x - r} ${y - r}l${2 * r} ${2 * r}M${x + r} ${y - r}l${-2 * r} ${2 * r}`;

// Tops are round, what is long and narrow a triangle, shoes square, bags a diamond: so
// a colour need only be told apart from few others.
const FORMS = [
  ...[round, triangle, round, triangle, round, square, round, square],
  ...[diamond, square],
];

const short = (d) =>
  d.replace(/-?\d+\.\d+/g, (number) => String(+(+number).toFixed(1)));

// An SVG path with the mark of a kind, 0 to 9, at each place.
export function marks(kind, places, radius) {
  return short(places.map((place) => FORMS[kind](place, radius)).join(""));
}

export function crosses(places, radius) {
  return short(places.map((place) => cross(place, radius)).join(""));
}

export function ellipse([x, y], [a, b]) {
  return `M${x - a} ${y}a${a} ${b} 0 1 0 ${2 * a} 0a${a} ${b} 0 1 0 ${-2 * a} 0z`;
}

const ENGLISH = new Intl.NumberFormat("en");

export function nats(value) {
  const digits =
    Math.abs(value) < 100 ? value.toFixed(1) : ENGLISH.format(Math.round(value));
  return `${digits} nats`;
}
