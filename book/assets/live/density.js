// Gaussians to drag under a histogram, by hand and by EM.
import {
  best,
  emStep,
  histogram,
  leastLikely,
  nearest,
  printed,
  score,
  spread,
  withOneMore,
  withWeight,
  without,
} from "./density-law.js";
import { peak, Plot } from "./density-plot.js";
import { button, choice, el, row, slider } from "./parts.js";
import { clamp } from "./plane.js";
import { Random } from "./random.js";

const [BOXES, MOST, LEAST_WEIGHT] = [50, 6, 0.01];
// Widths as parts of the axis: the least that is allowed, what counts as a needle, and
// the least in the best fit, which is not to win by needles.
const [FLOOR, NEEDLE, SOUND] = [1e-5, 2e-3, 1e-2];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export async function start(panel, kit) {
  const { values } = await kit.load({ values: "values.json" });
  const page = new Page(panel, kit, values.kinds);
  page.choose(0);
  return page.state;
}

class Page {
  constructor(panel, kit, kinds) {
    Object.assign(this, { kit, kinds });
    this.state = { mixture: [], selected: 0, updates: 0, running: false };
    this.plot = new Plot({
      moved: (k, how) => this.#moved(k, how),
      chosen: (k) => this.#select(k),
    });
    const data = choice({
      label: "Data",
      options: kinds.map(({ name }, i) => ({ value: String(i), text: name })),
      onChange: (value) => this.choose(Number(value)),
    });
    this.sliders = this.#sliders();
    this.buttons = this.#buttons();
    this.table = el("table", { className: "gc-mix-scores" });
    this.word = el("p", { className: "gc-mix-word" });
    this.title = el("p", {});
    const numbers = el("div", { className: "gc-live-column" }, this.table, this.word);
    const hands = el("div", { className: "gc-live-column" }, this.title);
    hands.append(...Object.values(this.sliders).map((one) => one.element));
    const all = Object.values(this.buttons);
    panel.append(
      el(
        "p",
        {},
        "Drag the numbered points: sideways for the mean, upwards for the weight.",
      ),
      data.element,
      this.plot.element,
      el("div", { className: "gc-live-buttons" }, ...all),
      row(hands, numbers),
    );
  }

  choose(i) {
    const { train, test, axis } = this.kinds[i];
    const ends = [Math.min(train[0], test[0]), Math.max(train.at(-1), test.at(-1))];
    const margin = 0.08 * (ends[1] - ends[0]);
    Object.assign(this.state, { train, test, running: false });
    [this.low, this.high] = [ends[0] - margin, ends[1] + margin];
    this.wide = this.high - this.low;
    this.floor = FLOOR * this.wide;
    this.targets = new Map();
    this.plot.data(
      histogram(train, this.low, this.high, BOXES),
      this.low,
      this.high,
      axis,
    );
    for (const [name, one] of Object.entries(this.sliders)) {
      const wide = this.high - this.low;
      const [min, max] = {
        mean: [this.low, this.high],
        std: [this.floor, wide / 3],
        weight: [LEAST_WEIGHT, 1 - LEAST_WEIGHT],
      }[name];
      Object.assign(one.input, { min, max, step: "any" });
    }
    this.#set([
      { weight: 1, mean: this.low + 0.25 * (this.high - this.low), std: margin * 2 },
    ]);
    this.#set(
      withOneMore(this.state.mixture, this.low + 0.8 * (this.high - this.low), margin),
    );
  }

  // The best that EM finds with this many Gaussians, on the training data; null until
  // it is known, because the search would hold up the page.
  target(count) {
    const { targets } = this;
    if (!targets.has(count)) {
      targets.set(count, null);
      setTimeout(() => {
        const { train } = this.state;
        if (targets !== this.targets) return;
        const found = best(train, count, SOUND * this.wide, new Random(count));
        targets.set(count, score(train, found));
        this.#show();
      });
    }
    return targets.get(count);
  }

  #set(mixture) {
    this.state.mixture = mixture;
    this.state.selected = Math.min(this.state.selected, mixture.length - 1);
    this.#show();
  }

  #select(k) {
    this.state.selected = k;
    this.#show();
  }

  #change(k, change) {
    const { weight, ...others } = change;
    let mixture = this.state.mixture;
    if (weight !== undefined && mixture.length > 1) {
      const allowed = clamp(weight, LEAST_WEIGHT, 1 - LEAST_WEIGHT);
      mixture = withWeight(mixture, k, allowed);
    }
    const next = { ...mixture[k], ...others };
    // No hand would hit a value with a needle.
    if (next.std < NEEDLE * this.wide) next.mean = nearest(this.state.train, next.mean);
    this.#set(mixture.map((one, i) => (i === k ? next : one)));
  }

  #moved(k, { mean, height, across = 0, heavier }) {
    this.state.running = false;
    const one = this.state.mixture[k];
    const next = clamp(mean ?? one.mean + across, this.low, this.high);
    const weight =
      height === undefined ? one.weight + heavier : (one.weight * height) / peak(one);
    this.#change(k, { mean: next, weight });
  }

  #sliders() {
    const one = (label, name, format) => {
      const onInput = (value) => {
        this.state.running = false;
        this.#change(this.state.selected, { [name]: value });
      };
      return slider({ label, min: 0, max: 1, step: "any", value: 0, format, onInput });
    };
    return {
      mean: one("Mean", "mean", (value) => printed(value, 2)),
      std: one("Width (standard deviation)", "std", (value) => value.toFixed(3)),
      weight: one("Weight", "weight", (value) => `${Math.round(100 * value)} %`),
    };
  }

  #buttons() {
    const stop = (then) => () => {
      this.state.running = false;
      then();
    };
    return {
      step: button(
        "One step of EM",
        stop(() => this.#step()),
      ),
      fit: button("Fit by EM", () => this.#fit()),
      more: button(
        "Add a Gaussian",
        stop(() => {
          const { mixture, train } = this.state;
          const place = leastLikely(train, mixture);
          this.state.selected = mixture.length;
          this.#set(withOneMore(mixture, place, this.wide / 10));
          if (this.buttons.more.disabled) this.plot.focus(this.state.selected);
        }),
      ),
      less: button(
        "Remove the chosen one",
        stop(() => {
          this.#set(without(this.state.mixture, this.state.selected));
          if (this.buttons.less.disabled) this.plot.focus(this.state.selected);
        }),
      ),
      again: button(
        "Spread them evenly",
        stop(() => this.#set(spread(this.state.train, this.state.mixture.length))),
      ),
    };
  }

  // Returns what the step gained, in nats per value.
  #step() {
    const before = score(this.state.train, this.state.mixture);
    this.#set(emStep(this.state.train, this.state.mixture, this.floor));
    return score(this.state.train, this.state.mixture) - before;
  }

  async #fit() {
    if (this.state.running) {
      this.state.running = false;
      return;
    }
    this.state.running = true;
    for (let step = 0; step < 400 && this.state.running; step++) {
      if (this.#step() < 1e-7) break;
      if (!calm.matches) await new Promise(requestAnimationFrame);
    }
    this.state.running = false;
    this.#show();
    this.kit.say(`EM has stopped. ${this.word.textContent}`);
  }

  #show() {
    const { mixture, selected, train, test } = this.state;
    this.plot.draw(mixture, selected);
    for (const [name, one] of Object.entries(this.sliders)) {
      one.value = mixture[selected][name];
    }
    this.sliders.weight.input.disabled = mixture.length === 1;
    this.title.textContent = `Gaussian ${selected + 1} of ${mixture.length}`;
    this.buttons.more.disabled = mixture.length >= MOST;
    this.buttons.less.disabled = mixture.length === 1;
    this.buttons.fit.textContent = this.state.running ? "Stop" : "Fit by EM";
    this.state.scores = {
      train: score(train, mixture),
      test: score(test, mixture),
      target: this.target(mixture.length),
    };
    this.state.updates += 1;
    this.#tell();
  }

  #tell() {
    const { train, test, target } = this.state.scores;
    const line = (words, nats) => {
      const units = nats === null ? [] : [nats, nats / Math.LN2];
      const cells =
        nats === null ? ["…", "…"] : units.map((value) => printed(value, 3));
      const head = el("th", { scope: "row" }, words);
      return el("tr", {}, head, ...cells.map((cell) => el("td", {}, cell)));
    };
    const heads = ["Mean log-likelihood of a value", "nats", "bits"];
    this.table.replaceChildren(
      el(
        "thead",
        {},
        el("tr", {}, ...heads.map((word) => el("th", { scope: "col" }, word))),
      ),
      el(
        "tbody",
        {},
        line("Yours, on the data shown", train),
        line("Best without needles, by EM", target),
        line("Yours, on data held back", test),
      ),
    );
    this.word.textContent = verdict(this.state, NEEDLE * this.wide);
  }
}

export function verdict({ mixture, scores: { train, target } }, needle) {
  const thin =
    mixture.findIndex(({ std, weight }) => std < needle && weight > 1e-6) + 1;
  if (thin) {
    return (
      `Gaussian ${thin} has shrunk to a needle on one value. That value it makes as ` +
      "likely as you please; its weight is lost to all others, and on data held back " +
      "it earns nothing. That is memorising."
    );
  }
  if (target === null) return "";
  const gap = target - train;
  if (gap < 0.0005) return "No better fit is known with this many Gaussians.";
  const times = Math.exp(gap);
  const more =
    times > 1000
      ? "each value more than 1,000 times as likely"
      : `each value ${times.toFixed(times < 1.1 ? 4 : 2)} times as likely`;
  return `The best fit is ${gap.toFixed(3)} nats better: ${more}.`;
}
