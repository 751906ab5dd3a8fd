// A grey image that the reader draws on: by mouse, by touch, or by the keyboard.
import { el } from "./parts.js";
import { clamp } from "./plane.js";

const STEPS = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

// Pixels within `radius` of a place [row, column], of an image with this many of each.
export function brushed([row, column], radius, height, width) {
  const found = [];
  for (let i = Math.ceil(row - radius); i <= row + radius; i++) {
    for (let j = Math.ceil(column - radius); j <= column + radius; j++) {
      const inside = i >= 0 && j >= 0 && i < height && j < width;
      if (inside && Math.hypot(i - row, j - column) <= radius) found.push([i, j]);
    }
  }
  return found;
}

// The places on the way from one to another, at most a pixel apart.
export function between(first, last) {
  const steps = Math.max(
    1,
    Math.ceil(Math.max(...first.map((v, k) => Math.abs(v - last[k])))),
  );
  return Array.from({ length: steps }, (_, k) =>
    first.map((value, axis) => value + ((last[axis] - value) * (k + 1)) / steps),
  );
}

// `paint(places)` is called with the pixels [row, column] under the brush; the caller
// changes its image and draws it. `picture` is one of parts.js.
export function pad(options) {
  return new Pad(options);
}

class Pad {
  #at;
  #last = null;

  constructor({ label, picture, height = 28, width = 28, radius = 1.2, paint }) {
    Object.assign(this, { height, width, radius, paint });
    this.#at = [Math.floor(height / 2), Math.floor(width / 2)];
    this.cursor = el("div", { className: "gc-live-cursor", ariaHidden: "true" });
    this.element = el("div", { className: "gc-live-pad", tabIndex: 0 });
    this.element.append(picture.element, this.cursor);
    this.element.setAttribute("role", "application");
    this.element.setAttribute("aria-roledescription", "drawing pad");
    const words = `${label}. Arrow keys move, space draws.`;
    this.element.setAttribute("aria-label", words);
    this.element.style.setProperty("--gc-cell", `${100 / width}%`);
    this.#listen();
    this.#show();
  }

  #show() {
    this.cursor.style.top = `${(100 * this.#at[0]) / this.height}%`;
    this.cursor.style.left = `${(100 * this.#at[1]) / this.width}%`;
  }

  #placeOf(event) {
    const area = this.element.getBoundingClientRect();
    return [
      ((event.clientY - area.top) / area.height) * this.height - 0.5,
      ((event.clientX - area.left) / area.width) * this.width - 0.5,
    ];
  }

  #stroke(places) {
    const under = (place) => brushed(place, this.radius, this.height, this.width);
    this.paint(places.flatMap(under));
  }

  #pressed(event) {
    const step = STEPS[event.key];
    if (!step && event.key !== " ") return;
    if (step) {
      const ends = [this.height - 1, this.width - 1];
      this.#at = this.#at.map((value, k) => clamp(value + step[k], 0, ends[k]));
      this.#show();
    }
    if (!step || event.shiftKey) this.#stroke([this.#at]);
    event.preventDefault();
  }

  #listen() {
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.element.setPointerCapture(event.pointerId);
      this.#last = this.#placeOf(event);
      this.#stroke([this.#last]);
      this.element.focus({ preventScroll: true });
      event.preventDefault();
    });
    this.element.addEventListener("pointermove", (event) => {
      if (!this.#last || !this.element.hasPointerCapture(event.pointerId)) return;
      const next = this.#placeOf(event);
      this.#stroke(between(this.#last, next));
      this.#last = next;
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.element.addEventListener(end, () => {
        this.#last = null;
      });
    }
    this.element.addEventListener("keydown", (event) => this.#pressed(event));
  }
}
