// The axis of a discriminator's scores: what it gave real images and fakes, and marks.
import { histogram, rangeOf } from "./gan-law.js";
import { el } from "./parts.js";
import { clamp } from "./plane.js";

const SVG = "http://www.w3.org/2000/svg";
const BINS = 40;

// The outline of bars over a box of 100 by 100, `top` being the largest share.
export function outline(bins, top) {
  const heights = bins.map((share) => (100 - (96 * share) / top).toFixed(2));
  const corners = heights.flatMap((y, i) => [i, i + 1].map((k) => [k, y]));
  const steps = corners.map(
    ([k, y]) => `L${((100 * k) / bins.length).toFixed(2)} ${y}`,
  );
  return `M0 100${steps.join("")}L100 100Z`;
}

// `marks` are {name: words}; each stands at a height of its own.
export function axis(marks) {
  return new Axis(marks);
}

class Axis {
  #range = [-1, 1, 1];

  constructor(marks) {
    this.curves = {};
    const chart = document.createElementNS(SVG, "svg");
    chart.setAttribute("viewBox", "0 0 100 100");
    chart.setAttribute("preserveAspectRatio", "none");
    for (const kind of ["real", "fake"]) {
      const curve = document.createElementNS(SVG, "path");
      curve.setAttribute("class", `gc-axis-${kind}`);
      this.curves[kind] = curve;
      chart.append(curve);
    }
    this.box = el("div", { className: "gc-axis-box", role: "img" }, chart);
    this.ticks = el("div", { className: "gc-axis-ticks", ariaHidden: "true" });
    this.marks = {};
    for (const [name, words] of Object.entries(marks)) {
      this.marks[name] = el("div", { className: `gc-axis-mark gc-axis-at-${name}` });
      this.marks[name].append(el("span", {}, words));
      this.box.append(this.marks[name]);
    }
    const legend = el("p", { className: "gc-axis-legend", ariaHidden: "true" });
    legend.append(el("span", { className: "gc-axis-real" }), "500 real images ");
    legend.append(el("span", { className: "gc-axis-fake" }), "500 fakes");
    this.element = el("div", { className: "gc-axis" }, legend, this.box, this.ticks);
  }

  // The scores {real, fake} of a game's images.
  show(game) {
    const [low, high, step] = (this.#range = rangeOf(game.real, game.fake));
    const bins = [game.real, game.fake].map((set) => histogram(set, [low, high], BINS));
    const top = Math.max(...bins.flat());
    this.curves.real.setAttribute("d", outline(bins[0], top));
    this.curves.fake.setAttribute("d", outline(bins[1], top));
    this.ticks.replaceChildren();
    for (let value = low; value <= high + step / 2; value += step) {
      const tick = el("span", {}, String(value).replace("-", "−"));
      tick.style.left = `${this.#across(value)}%`;
      this.ticks.append(tick);
    }
  }

  #across(score) {
    const [low, high] = this.#range;
    return clamp((100 * (score - low)) / (high - low), 0, 100);
  }

  mark(name, score) {
    const across = this.#across(score);
    this.marks[name].style.left = `${across}%`;
    this.marks[name].classList.toggle("gc-axis-late", across > 75);
  }

  describe(words) {
    this.box.setAttribute("aria-label", words);
  }
}
