// The rules of "which model made this?": rounds, answers, and what they add up to.
import { Random } from "./random.js";

export const ROUNDS = 10;
export const CHOICES = 4;
export const SHOWN = 3;

// In the order in which they stand as answers. `tell` is what gives each away.
export const MAKERS = {
  real: {
    name: "Real photographs",
    short: "real",
    tell: "All parts of each garment fit, and prints and edges are sharp.",
  },
  "count-table": {
    name: "Count table",
    short: "table",
    tell: "It draws streaks: it knows two neighbours of a pixel, and no garment.",
  },
  "row-lstm": {
    name: "Row LSTM",
    short: "LSTM",
    tell: "Sharp everywhere, but the parts of the garments do not fit together.",
  },
  "gated-pixelcnn": {
    name: "Gated PixelCNN",
    short: "PixelCNN",
    tell: "Sharp everywhere and mostly whole, yet here and there a part does not fit.",
  },
  vae: {
    name: "VAE",
    short: "VAE",
    tell: "The shape of a garment in heavy grain: each pixel is drawn on its own.",
  },
  sngan: {
    name: "SNGAN",
    short: "SNGAN",
    tell: "Whole garments with soft texture, some of them broken.",
  },
};

export function shuffled(items, random) {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}

// The rounds of a game: [{truth, options, pictures}]. Each maker comes at least once,
// and no picture twice. `counts` says how many pictures there are of each maker.
export function roundsOf(seed, counts) {
  const random = new Random(seed);
  const names = Object.keys(MAKERS);
  const more = shuffled(names, random).slice(0, ROUNDS - names.length);
  const left = Object.fromEntries(
    names.map((name) => [name, shuffled([...Array(counts[name]).keys()], random)]),
  );
  return shuffled([...names, ...more], random).map((truth) => {
    const others = shuffled(
      names.filter((name) => name !== truth),
      random,
    );
    const asked = new Set([truth, ...others.slice(0, CHOICES - 1)]);
    const options = names.filter((name) => asked.has(name));
    return { truth, options, pictures: left[truth].splice(0, SHOWN) };
  });
}

// What answers add up to: {done, right, streak, best}. Each is {truth, answer}.
export function scoreOf(answers) {
  const found = { done: answers.length, right: 0, streak: 0, best: 0 };
  for (const { truth, answer } of answers) {
    found.streak = truth === answer ? found.streak + 1 : 0;
    found.right += truth === answer;
    found.best = Math.max(found.best, found.streak);
  }
  return found;
}

// {truth: {answer: how often}} for all makers, in their order.
export function confusions(answers) {
  const names = Object.keys(MAKERS);
  const none = () => Object.fromEntries(names.map((name) => [name, 0]));
  const table = Object.fromEntries(names.map((name) => [name, none()]));
  for (const { truth, answer } of answers) table[truth][answer] += 1;
  return table;
}

// The verdict on an answer, in words.
export function verdict({ truth, answer }) {
  const { name, tell } = MAKERS[truth];
  return truth === answer ? `Right: ${name}. ${tell}` : `No: ${name}. ${tell}`;
}

// A word on the whole game; `chance` is the share of right answers by guessing.
export function summary({ right, done, best }, chance = 1 / CHOICES) {
  const guessed = (done * chance).toFixed(1);
  const row = best === 1 ? "1 in a row" : `${best} in a row`;
  return `${right} of ${done} right, at best ${row}. Guessing gets ${guessed} on average.`;
}

// The mean difference of neighbouring levels, side by side: how rough a picture is.
export function roughness(levels, width = 28) {
  let [whole, count] = [0, 0];
  for (let i = 0; i < levels.length; i++) {
    if (i % width === width - 1) continue;
    whole += Math.abs(levels[i + 1] - levels[i]);
    count += 1;
  }
  return whole / count;
}
