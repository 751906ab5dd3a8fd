// A histogram, the reader's Gaussians over it, and their handles.
import { logDensity, printed, ticks } from "./density-law.js";
import { clamp } from "./plane.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, FOOT] = [600, 260, 58];
const LINE = 240;
const KEYS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

function made(tag, properties = {}, ...children) {
  const found = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) {
    found.setAttribute(name, value);
  }
  found.append(...children);
  return found;
}

export function peak({ weight, std }) {
  return weight / (std * Math.sqrt(2 * Math.PI));
}

export class Plot {
  // `moved(k, mean, height)` and `chosen(k)` are told what the reader does.
  constructor({ moved, chosen }) {
    Object.assign(this, { moved, chosen });
    this.bars = made("g", { class: "gc-mix-bars" });
    this.parts = made("g", { class: "gc-mix-parts" });
    this.whole = made("path", { class: "gc-mix-whole" });
    this.ticks = made("g", { class: "gc-mix-ticks" });
    this.grips = made("g", {});
    const viewBox = `0 0 ${WIDTH} ${HEIGHT + FOOT}`;
    this.element = made(
      "svg",
      { class: "gc-mix-plot", viewBox, role: "group" },
      ...[this.bars, this.parts, this.whole, this.ticks, this.grips],
    );
    this.element.setAttribute("aria-label", "Histogram with Gaussians to drag");
    this.element.addEventListener("pointermove", (event) => this.#dragged(event));
    for (const end of ["pointerup", "pointercancel"]) {
      this.element.addEventListener(end, () => {
        this.held = null;
      });
    }
    this.held = null;
  }

  across(x) {
    return ((x - this.low) / (this.high - this.low)) * WIDTH;
  }

  up(density) {
    return HEIGHT - clamp(density / this.top, 0, 1) * (HEIGHT - 12);
  }

  data(heights, low, high, axis) {
    Object.assign(this, { low, high, top: 1.25 * Math.max(...heights) });
    const side = WIDTH / heights.length;
    const bars = heights.map((density, k) => {
      const y = this.up(density);
      return made("rect", { x: k * side, y, width: side - 1, height: HEIGHT - y });
    });
    this.bars.replaceChildren(...bars);
    const marks = ticks(low, high).map((value) => {
      const text = made("text", { x: this.across(value), y: HEIGHT + 22 });
      text.textContent = String(value).replace("-", "−");
      return text;
    });
    const name = made("text", { x: WIDTH / 2, y: HEIGHT + 50 });
    name.textContent = axis;
    const floor = made("line", { x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT });
    this.ticks.replaceChildren(floor, ...marks, name);
  }

  draw(mixture, selected) {
    const xs = Array.from({ length: LINE + 1 }, (_, k) => {
      return this.low + (k / LINE) * (this.high - this.low);
    });
    const path = (some) => {
      const dots = xs.map((x) => {
        const y = this.up(Math.exp(logDensity(x, some)));
        return `${this.across(x).toFixed(1)} ${y.toFixed(1)}`;
      });
      return `M${dots.join("L")}`;
    };
    this.whole.setAttribute("d", path(mixture));
    this.parts.replaceChildren(
      ...mixture.map((one, k) => {
        const name = k === selected ? "gc-mix-part gc-mix-selected" : "gc-mix-part";
        return made("path", { d: path([one]), class: name });
      }),
    );
    this.#handles(mixture, selected);
  }

  focus(k) {
    this.grips.children[k].focus({ preventScroll: true });
  }

  #handles(mixture, selected) {
    while (this.grips.childElementCount > mixture.length) this.grips.lastChild.remove();
    while (this.grips.childElementCount < mixture.length) {
      this.grips.append(this.#grip(this.grips.childElementCount));
    }
    mixture.forEach((one, k) => {
      const grip = this.grips.children[k];
      const [x, y] = [this.across(one.mean), this.up(peak(one))];
      grip.setAttribute("transform", `translate(${clamp(x, 0, WIDTH)} ${y})`);
      grip.setAttribute(
        "class",
        k === selected ? "gc-mix-grip gc-mix-selected" : "gc-mix-grip",
      );
      grip.setAttribute("aria-valuenow", one.mean.toFixed(2));
      grip.setAttribute("aria-valuemin", this.low.toFixed(2));
      grip.setAttribute("aria-valuemax", this.high.toFixed(2));
      const share = Math.round(100 * one.weight);
      const words = `mean ${printed(one.mean, 2)}, width ${one.std.toFixed(2)}, weight ${share} %`;
      grip.setAttribute("aria-valuetext", words);
    });
  }

  #grip(k) {
    const label = made("text", { y: 5 });
    label.textContent = String(k + 1);
    const grip = made(
      "g",
      { role: "slider", tabindex: 0, "aria-label": `Gaussian ${k + 1}` },
      made("circle", { r: 14 }),
      label,
    );
    grip.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.held = k;
      this.element.setPointerCapture(event.pointerId);
      grip.focus({ preventScroll: true });
      event.preventDefault();
    });
    grip.addEventListener("focus", () => this.chosen(k));
    grip.addEventListener("keydown", (event) => this.#pressed(event, k));
    return grip;
  }

  #dragged(event) {
    if (this.held === null) return;
    const area = this.element.getBoundingClientRect();
    const scale = WIDTH / area.width;
    const x = (event.clientX - area.left) * scale;
    const y = (event.clientY - area.top) * scale;
    const mean = this.low + clamp(x / WIDTH, 0, 1) * (this.high - this.low);
    const height = (clamp(HEIGHT - y, 0, HEIGHT - 12) / (HEIGHT - 12)) * this.top;
    this.moved(this.held, { mean, height });
  }

  #pressed(event, k) {
    const step = KEYS[event.key];
    if (!step) return;
    const size = event.shiftKey ? 0.05 : 0.01;
    const across = step[0] * size * (this.high - this.low);
    this.moved(k, { across, heavier: step[1] * size });
    event.preventDefault();
  }
}
