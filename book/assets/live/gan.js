// A walk between two draws of a GAN, and what its discriminator says on the way.
import { axis } from "./gan-axis.js";
import { ownDrawing, testPicture } from "./gan-defendants.js";
import { mixed, scaled, shares, verdict } from "./gan-law.js";
import { STEPS, walk } from "./gan-walk.js";
import { latest } from "./latest.js";
import { choice, el, imagesOf, row } from "./parts.js";
import { Random } from "./random.js";

const LATENT = 64;
const SIZE = 784;
const PAUSE = 600; // milliseconds without a change before a verdict is read aloud
const GAMES = {
  dcgan: "DCGAN: the score is a logit",
  sngan: "SNGAN: the score is no logit",
};
const NAMES = { fake: "the fake", test: "the test picture", drawn: "your drawing" };

// {name: {generator, judge, real, fake, logit}}; real and fake are sorted scores.
async function gamesOf(kit) {
  const files = { scores: "scores.json", images: "images.bin" };
  for (const name of Object.keys(GAMES)) {
    files[`${name} G`] = `${name}-generator.onnx`;
    files[`${name} D`] = `${name}-discriminator.onnx`;
  }
  const got = await kit.load(files);
  const entries = Object.keys(GAMES).map((name) => {
    const players = { generator: got[`${name} G`], judge: got[`${name} D`] };
    return [name, { ...players, ...got.scores[name], logit: name === "dcgan" }];
  });
  return { games: Object.fromEntries(entries), images: imagesOf(got.images) };
}

async function generated(game, codes) {
  const z = new Float32Array(codes.length * LATENT);
  codes.forEach((code, i) => z.set(code, i * LATENT));
  const { points } = await game.generator.run({
    z: { data: z, dims: [codes.length, LATENT] },
  });
  return points.data;
}

async function scoresOf(game, images) {
  const points = new Float32Array(images.length * SIZE);
  images.forEach((image, i) => points.set(image, i * SIZE));
  const { score } = await game.judge.run({
    points: { data: points, dims: [images.length, 1, 28, 28] },
  });
  return [...score.data];
}

// The axis for readers who do not see it.
function described(scores) {
  const told = Object.values(NAMES).map((name, i) => `${name} ${scores[i].toFixed(2)}`);
  return `Histograms of the scores of 500 real images and 500 fakes, with marks: ${told.join(", ")}.`;
}

class Stage {
  #timer = 0;

  constructor(kit, games, images) {
    Object.assign(this, { kit, games });
    this.state = { game: "dcgan", seeds: [16, 25], share: 0.35, updates: 0 };
    this.judge = latest(() => this.#judge());
    this.steps = latest(() => this.#steps());
    this.walk = walk({
      ...{ seeds: this.state.seeds, share: this.state.share, random: new Random(0) },
      onSeed: (place, seed) => {
        this.state.seeds[place] = seed;
        this.change();
      },
      onShare: (share, done) => {
        this.state.share = share;
        this.judge();
        if (done) this.speak("fake");
      },
    });
    this.test = testPicture(images, () => this.rejudge("test"));
    this.own = ownDrawing(
      () => this.test.levels,
      () => this.rejudge("drawn"),
    );
    this.axis = axis(NAMES);
  }

  // The codes of both seeds.
  #ends() {
    return this.state.seeds.map((seed) => new Random(seed).code(LATENT));
  }

  get game() {
    return this.games[this.state.game];
  }

  // Another game or other ends: all that is seen changes.
  change() {
    this.codes = this.#ends();
    return Promise.all([this.steps(), this.judge()]);
  }

  rejudge(name) {
    this.judge();
    this.speak(name);
  }

  async #steps() {
    const [first, last] = this.codes;
    const codes = shares(STEPS).map((share) => mixed(first, last, share));
    const points = await generated(this.game, codes);
    this.state.steps = points;
    this.walk.drawSteps(points);
  }

  async #judge() {
    const { state, game } = this;
    const { share } = state;
    const z = mixed(...this.codes, share);
    const fake = await generated(game, [z]);
    const [test, drawn] = [this.test, this.own].map((one) => scaled(one.levels));
    const images = [fake, test, drawn];
    const scores = await scoresOf(game, images);
    // Another game was chosen meanwhile: its own verdict is under way.
    if (game !== this.game) return;
    Object.assign(state, { z, images, scores, updates: state.updates + 1 });
    this.walk.draw(fake, share);
    this.#show(scores);
  }

  #show(scores) {
    const words = scores.map((score) => verdict(score, this.game));
    const places = [this.walk, this.test, this.own];
    places.forEach((place, i) => {
      place.verdict.textContent = words[i];
    });
    Object.keys(NAMES).forEach((name, i) => this.axis.mark(name, scores[i]));
    this.axis.describe(described(scores));
    this.words = Object.fromEntries(
      Object.keys(NAMES).map((name, i) => [name, words[i]]),
    );
  }

  // The last verdict on one of the three, once the reader has stopped.
  speak(name) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.kit.say(`Verdict on ${NAMES[name]}: ${this.words[name]}`);
    }, PAUSE);
  }

  choose(name) {
    this.state.game = name;
    this.axis.show(this.game);
    return this.change();
  }

  fill(panel) {
    const options = Object.entries(GAMES).map(([value, text]) => ({ value, text }));
    const game = choice({
      ...{ label: "Which GAN", options, value: this.state.game },
      onChange: (name) => {
        this.choose(name);
        this.speak("fake");
      },
    });
    panel.append(game.element, this.walk.element);
    panel.append(
      el("p", { className: "gc-judge-title" }, "What the discriminator gave"),
    );
    panel.append(this.axis.element, row(this.test.element, this.own.element));
  }
}

export async function start(panel, kit) {
  const { games, images } = await gamesOf(kit);
  const stage = new Stage(kit, games, images);
  stage.fill(panel);
  await stage.choose(stage.state.game);
  return stage.state;
}
