// What the law of a pixel depends on, in two models side by side.
import { choice, el, row } from "./parts.js";
import { counted, inWords, kinds, unpacked } from "./pixelrnn-law.js";
import { clamp } from "./plane.js";

const SVG = "http://www.w3.org/2000/svg";
const STEPS = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};
const LEGEND = [
  ["own", "the pixel"],
  ["seen", "earlier, seen"],
  ["hidden", "earlier, hidden from it"],
  ["future", "later"],
  ["leak", "a leak"],
];

export async function start(panel, kit) {
  const { fields } = await kit.load({ fields: "fields.json" });
  const { side } = fields;
  const masks = fields.models.map((one) => unpacked(one.bits, side ** 4));
  const state = { place: [7, 9], boards: [] };
  const show = (place) => {
    state.place = place.map((value) => clamp(value, 0, side - 1));
    for (const board of state.boards) board.show(state.place);
    const [i, j] = state.place.map((value) => value + 1);
    where.textContent = `Pixel in row ${i}, column ${j}.`;
  };
  const speak = () => {
    const each = state.boards.map((board) => `${board.name}: ${board.words}`);
    kit.say([where.textContent, ...each].join(" "));
  };
  const where = el("p", { className: "gc-live-number" });
  state.boards = [0, 3].map((chosen, k) => {
    return new Board({ k, side, fields, masks, chosen, state, show, speak });
  });
  panel.append(
    el("p", {}, "Move over a picture, or press the arrow keys on it."),
    where,
    row(...state.boards.map((board) => board.element)),
    legend(),
  );
  show(state.place);
  return state;
}

class Board {
  constructor({ k, side, fields, masks, chosen, state, show, speak }) {
    Object.assign(this, { side, fields, masks, chosen, state });
    this.cells = Array.from({ length: side * side }, (_, i) => cell(i, side));
    this.told = el("p", { className: "gc-sees-told" });
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("viewBox", `0 0 ${side} ${side}`);
    drawing.setAttribute("aria-hidden", "true");
    drawing.append(hatch(`gc-sees-hatch-${k}`), ...this.cells.map((one) => one.shape));
    this.box = el("div", { className: "gc-sees-board", tabIndex: 0 }, drawing);
    this.box.style.setProperty("--gc-hatch", `url(#gc-sees-hatch-${k})`);
    this.box.setAttribute("role", "application");
    this.box.setAttribute("aria-roledescription", "grid of pixels");
    const options = fields.models.map(({ name }, i) => ({
      value: String(i),
      text: name,
    }));
    const label = k ? "Compared with" : "Model";
    const picked = choice({
      label,
      options,
      value: String(chosen),
      onChange: (value) => {
        this.chosen = Number(value);
        this.show(state.place);
        speak();
      },
    });
    this.element = el("div", { className: "gc-live-column" });
    this.element.append(picked.element, this.box, this.told);
    this.#listen(show, speak);
  }

  get name() {
    return this.fields.models[this.chosen].name;
  }

  show([i, j]) {
    const { side } = this;
    this.kinds = kinds(this.masks[this.chosen], i * side + j, side * side);
    this.kinds.forEach((kind, k) => {
      this.cells[k].shape.setAttribute("class", `gc-sees-${kind}`);
    });
    this.count = counted(this.kinds);
    this.words = inWords(this.count);
    this.told.textContent = this.words;
    const label = `What the pixel in row ${i + 1}, column ${j + 1} sees in: ${this.name}`;
    this.box.setAttribute("aria-label", `${label}. Arrow keys move.`);
  }

  #listen(show, speak) {
    const { box, side } = this;
    const pointed = (event) => {
      const area = box.getBoundingClientRect();
      const down = (event.clientY - area.top) / area.height;
      const across = (event.clientX - area.left) / area.width;
      show([Math.floor(side * down), Math.floor(side * across)]);
    };
    box.addEventListener("pointermove", pointed);
    box.addEventListener("pointerdown", (event) => {
      pointed(event);
      box.focus({ preventScroll: true });
      event.preventDefault();
    });
    box.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      show(this.state.place.map((value, axis) => value + step[axis]));
      speak();
      event.preventDefault();
    });
  }
}

function cell(i, side) {
  const shape = document.createElementNS(SVG, "rect");
  const [x, y] = [i % side, Math.floor(i / side)];
  for (const [name, value] of Object.entries({ x: x + 0.04, y: y + 0.04 })) {
    shape.setAttribute(name, value);
  }
  shape.setAttribute("width", 0.92);
  shape.setAttribute("height", 0.92);
  return { shape };
}

// Stripes: what is hidden is told from what is seen without colour, too.
function hatch(id) {
  const pattern = document.createElementNS(SVG, "pattern");
  const given = { id, width: 0.32, height: 0.32, patternUnits: "userSpaceOnUse" };
  for (const [name, value] of Object.entries(given)) pattern.setAttribute(name, value);
  pattern.setAttribute("patternTransform", "rotate(45)");
  const ground = document.createElementNS(SVG, "rect");
  ground.setAttribute("class", "gc-sees-ground");
  ground.setAttribute("width", 0.32);
  ground.setAttribute("height", 0.32);
  const stripe = document.createElementNS(SVG, "rect");
  stripe.setAttribute("class", "gc-sees-stripe");
  stripe.setAttribute("width", 0.13);
  stripe.setAttribute("height", 0.32);
  pattern.append(ground, stripe);
  return pattern;
}

function legend() {
  const items = LEGEND.map(([kind, words], k) => {
    const drawing = document.createElementNS(SVG, "svg");
    drawing.setAttribute("viewBox", "0 0 1 1");
    drawing.setAttribute("aria-hidden", "true");
    const one = cell(0, 1).shape;
    one.setAttribute("class", `gc-sees-${kind}`);
    drawing.append(hatch(`gc-sees-hatch-legend-${k}`), one);
    drawing.style.setProperty("--gc-hatch", `url(#gc-sees-hatch-legend-${k})`);
    return el("li", {}, drawing, words);
  });
  return el("ul", { className: "gc-sees-legend" }, ...items);
}
