// A test picture and a drawing of the reader's, to be judged beside the fake.
import { button, choice, el, picture, slider } from "./parts.js";
import { between, brushed, pad } from "./pad.js";

const SIDE = 28;
// A pair of trousers in three strokes, so that there is something to judge at once.
const TROUSERS = [
  [4, 10, 4, 17],
  [6, 11, 24, 9],
  [6, 16, 24, 18],
];

// Levels of a drawing of strokes, each from [row, column] to [row, column].
export function drawing(strokes, level = 190, radius = 2.1) {
  const levels = new Uint8Array(SIDE * SIDE);
  for (const [top, left, bottom, right] of strokes) {
    for (const place of [[top, left], ...between([top, left], [bottom, right])]) {
      for (const [y, x] of brushed(place, radius, SIDE, SIDE)) {
        levels[y * SIDE + x] = level;
      }
    }
  }
  return levels;
}

function card(title, image, ...controls) {
  const verdict = el("p", { className: "gc-live-number" });
  const element = el("div", { className: "gc-live-column gc-judge-card" });
  element.append(el("p", { className: "gc-judge-title" }, title), image, verdict);
  element.append(...controls);
  return { element, verdict };
}

function shown(image, levels) {
  image.draw(Float32Array.from(levels, (level) => level / 255));
}

// `images` are levels of test pictures; `onChange` is called when another one is shown.
export function testPicture(images, onChange) {
  const image = picture({ label: "" });
  const state = { place: 0, levels: images[0] };
  const show = () => {
    state.levels = images[state.place];
    shown(image, state.levels);
    image.describe(`Test picture ${state.place + 1} of ${images.length}`);
  };
  const next = button("Another one", () => {
    state.place = (state.place + 1) % images.length;
    show();
    onChange();
  });
  show();
  const buttons = el("div", { className: "gc-live-buttons" }, next);
  return Object.assign(state, card("A test picture", image.element, buttons));
}

// `copied()` gives levels to start from; `onChange` is called at each change.
export function ownDrawing(copied, onChange) {
  const image = picture({ label: "Your drawing" });
  const state = { levels: drawing(TROUSERS), level: 190 };
  const change = (levels) => {
    state.levels = levels;
    shown(image, levels);
    onChange();
  };
  const board = pad({
    label: "Your drawing",
    picture: image,
    radius: 1.6,
    paint: (places) => {
      for (const [y, x] of places) state.levels[y * SIDE + x] = state.level;
      change(state.levels);
    },
  });
  const shade = slider({
    label: "Shade",
    ...{ min: 0, max: 255, step: 5, value: state.level },
    format: (level) => (level ? String(level) : "0, erases"),
    onInput: (level) => {
      state.level = level;
    },
  });
  const size = choice({
    label: "Brush",
    options: [
      { value: "0.5", text: "fine" },
      { value: "1.6", text: "middle" },
      { value: "2.6", text: "broad" },
    ],
    value: "1.6",
    onChange: (radius) => {
      board.radius = Number(radius);
    },
  });
  const clear = button("Clear", () => change(new Uint8Array(SIDE * SIDE)));
  const copy = button("Copy the test picture", () => change(copied().slice()));
  const buttons = el("div", { className: "gc-live-buttons" }, clear, copy);
  shown(image, state.levels);
  const parts = [board.element, shade.element, size.element, buttons];
  return Object.assign(state, card("Your drawing: draw here", ...parts));
}
