// The controls of a walk between two draws: seeds, a slider, a strip of steps.
import { greys, thereAndBack } from "./gan-law.js";
import { button, el, picture, row, slider } from "./parts.js";

export const STEPS = 9;
const SEEDS = 1000;
const WAY = 5000; // milliseconds from one end to the other
const SIDE = 28;

// Pictures side by side as one picture's greys, row by row.
export function sideBySide(points, count, side = SIDE) {
  const whole = new Float32Array(count * side * side);
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < side; y++) {
      const from = (i * side + y) * side;
      whole.set(points.subarray(from, from + side), (y * count + i) * side);
    }
  }
  return whole;
}

// The number that was typed as a seed, or null where it is none.
export function seedOf(words) {
  const seed = Number(words);
  const right = words.trim() !== "" && Number.isInteger(seed);
  return right && seed >= 0 && seed < SEEDS ? seed : null;
}

// `onSeed(place, seed)` and `onShare(share, done)` are told what the reader does;
// `done` says that a movement has ended. `random` draws new seeds.
export function walk(options) {
  return new Walk(options);
}

class Walk {
  #still = matchMedia("(prefers-reduced-motion: reduce)");
  #moving = 0;

  constructor({ seeds, share, random, onSeed, onShare }) {
    Object.assign(this, { random, onSeed, onShare });
    this.now = picture({ label: "The picture on the way" });
    this.ends = ["Start", "End"].map((name, place) => this.#end(name, place, seeds));
    this.slider = slider({
      label: "From start to end",
      ...{ min: 0, max: 1, step: 0.01, value: share },
      format: (value) => `${Math.round(100 * value)} % of the way`,
      onInput: (value) => {
        this.#pause();
        this.onShare(value, false);
      },
    });
    this.slider.input.addEventListener("change", () => this.onShare(this.share, true));
    this.play = button("", () => this.#pressed());
    this.#still.addEventListener("change", () => this.#pause());
    this.#pause();
    this.strip = picture({ label: "Nine steps of the walk", width: STEPS * SIDE });
    this.strip.element.classList.add("gc-walk-strip");
    this.here = el("div", { className: "gc-walk-here", ariaHidden: "true" });
    this.#build();
  }

  get share() {
    return this.slider.value;
  }

  #end(name, place, seeds) {
    const image = picture({ label: `${name} of the walk` });
    image.element.classList.add("gc-walk-end");
    const input = el("input", { type: "number", min: 0, max: SEEDS - 1, step: 1 });
    input.value = seeds[place];
    const wrong = el("p", { className: "gc-walk-wrong", role: "status" });
    input.addEventListener("input", () => {
      const seed = seedOf(input.value);
      input.setAttribute("aria-invalid", seed === null);
      wrong.textContent = seed === null ? `Seeds go from 0 to ${SEEDS - 1}.` : "";
      if (seed !== null) this.onSeed(place, seed);
    });
    const shuffle = button(`New ${name.toLowerCase()}`, () => {
      input.value = this.random.integer(SEEDS);
      input.dispatchEvent(new Event("input"));
    });
    const field = el("label", { className: "gc-walk-seed" }, `${name}, seed`, input);
    const beside = el("div", {}, field, shuffle, wrong);
    const element = el("div", { className: "gc-walk-from" }, image.element, beside);
    return { image, input, element };
  }

  #build() {
    const strip = el("div", { className: "gc-walk-steps" });
    strip.append(this.strip.element, this.here);
    strip.addEventListener("click", (event) => {
      const area = strip.getBoundingClientRect();
      const step = Math.floor((STEPS * (event.clientX - area.left)) / area.width);
      this.#pause();
      this.#go(Math.min(1, Math.max(0, step / (STEPS - 1))), true);
    });
    const controls = el("div", { className: "gc-live-column" });
    controls.append(...this.ends.map((end) => end.element), this.slider.element);
    controls.append(el("div", { className: "gc-live-buttons" }, this.play));
    this.verdict = el("p", { className: "gc-live-number" });
    const left = el(
      "div",
      { className: "gc-walk-now" },
      this.now.element,
      this.verdict,
    );
    this.element = el("div", { className: "gc-walk" }, row(left, controls), strip);
  }

  #go(share, done) {
    this.slider.value = share;
    this.onShare(share, done);
  }

  // A reader who wants less motion gets a step for each press.
  #pressed() {
    if (this.#moving) {
      this.#pause();
      this.onShare(this.share, true);
    } else if (this.#still.matches) {
      const next = Math.floor(this.share * (STEPS - 1) + 1e-6) + 1;
      this.#go(next >= STEPS ? 0 : next / (STEPS - 1), true);
    } else this.#walk();
  }

  #walk() {
    const from = this.share;
    const begun = performance.now();
    const frame = (now) => {
      if (!this.element.isConnected) return this.#pause();
      this.#moving = requestAnimationFrame(frame);
      const ways = Math.max(0, now - begun) / WAY;
      this.#go(thereAndBack(from + ways), false);
    };
    this.play.textContent = "Pause";
    this.#moving = requestAnimationFrame(frame);
  }

  #pause() {
    cancelAnimationFrame(this.#moving);
    this.#moving = 0;
    this.play.textContent = this.#still.matches ? "Next step" : "Walk";
  }

  // Points in [-1, 1] of the picture at a share of the way.
  draw(points, share) {
    this.now.draw(greys(points));
    this.here.style.left = `${(100 * share * (STEPS - 1)) / STEPS}%`;
  }

  // Points of all steps, one after another.
  drawSteps(points) {
    const all = greys(points);
    this.strip.draw(sideBySide(all, STEPS));
    const last = all.length - SIDE * SIDE;
    this.ends[0].image.draw(all.subarray(0, SIDE * SIDE));
    this.ends[1].image.draw(all.subarray(last));
  }
}
