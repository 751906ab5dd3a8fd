// A plane with a handle that is dragged, or moved by the arrow keys.
import { el } from "./parts.js";

const SVG = "http://www.w3.org/2000/svg";
const SIDE = 400; // of the drawing behind the handle, in its own units
const COARSE = 1 / 10;
const FINE = 1 / 50; // of the plane's side, a step of the arrow keys

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

// Where a place of a box, 0 to 1 from its left and its top, lies on the plane.
export function fromBox([across, down], [left, right], [bottom, top]) {
  return [
    left + clamp(across, 0, 1) * (right - left),
    top - clamp(down, 0, 1) * (top - bottom),
  ];
}

export function toBox([x, y], [left, right], [bottom, top]) {
  return [(x - left) / (right - left), (top - y) / (top - bottom)];
}

const STEPS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowDown: [0, -1],
  ArrowUp: [0, 1],
};

// Where a key leads from a place, or null: a step within [low, high] of both axes.
export function stepped(place, { key, shiftKey }, x, y) {
  if (!Object.hasOwn(STEPS, key)) return null;
  const size = shiftKey ? COARSE : FINE;
  return [x, y].map(([low, high], axis) =>
    clamp(place[axis] + STEPS[key][axis] * size * (high - low), low, high),
  );
}

export function svg(tag, attributes = {}) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  return made;
}

// `x` and `y` are [low, high] of the axes. `onMove` is told [x, y]; `onHover` where a
// pointer is that presses nothing, or null; `name(place)` adds to what is read aloud.
// `place` can be set, which does not call onMove.
export function plane(options) {
  return new Plane(options);
}

class Plane {
  #place;

  constructor({ label, x, y, start, onMove, onHover = () => {}, name = () => "" }) {
    Object.assign(this, { x, y, onMove, onHover, name });
    this.drawing = svg("svg", {
      viewBox: `0 0 ${SIDE} ${SIDE}`,
      "aria-hidden": "true",
    });
    this.handle = el("div", { className: "gc-live-handle", tabIndex: 0 });
    this.element = el("div", { className: "gc-live-plane" }, this.drawing, this.handle);
    this.handle.setAttribute("role", "slider");
    this.handle.setAttribute("aria-label", label);
    this.#listen();
    this.place = start;
  }

  // A path behind the handle; change its `d` by setAttribute.
  layer(className, d = "") {
    const path = svg("path", { class: className, d });
    this.drawing.append(path);
    return path;
  }

  // Where a place of the plane lies on the drawing.
  at(place) {
    return toBox(place, this.x, this.y).map((part) => SIDE * part);
  }

  // How long a length along the first axis is on the drawing.
  length(value) {
    return (SIDE * value) / (this.x[1] - this.x[0]);
  }

  get place() {
    return this.#place;
  }

  set place(next) {
    this.#place = [...next];
    const [across, down] = toBox(next, this.x, this.y);
    this.handle.style.left = `${100 * clamp(across, 0, 1)}%`;
    this.handle.style.top = `${100 * clamp(down, 0, 1)}%`;
    const [a, b] = this.#place.map((value) => value.toFixed(2));
    this.handle.ariaValueMin = this.x[0];
    this.handle.ariaValueMax = this.x[1];
    this.handle.ariaValueNow = a;
    this.handle.ariaValueText = `${a} across, ${b} up${this.name(this.#place)}`;
  }

  #move(next) {
    this.place = next;
    this.onMove(this.place);
  }

  #pointed(event) {
    const area = this.element.getBoundingClientRect();
    const across = (event.clientX - area.left) / area.width;
    const down = (event.clientY - area.top) / area.height;
    return fromBox([across, down], this.x, this.y);
  }

  #listen() {
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.element.setPointerCapture(event.pointerId);
      this.#move(this.#pointed(event));
      this.handle.focus({ preventScroll: true });
      event.preventDefault();
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) {
        this.#move(this.#pointed(event));
      } else if (event.pointerType === "mouse") this.onHover(this.#pointed(event));
    });
    this.element.addEventListener("pointerleave", () => this.onHover(null));
    this.handle.addEventListener("keydown", (event) => {
      const next = stepped(this.place, event, this.x, this.y);
      if (!next) return;
      this.#move(next);
      event.preventDefault();
    });
  }
}
