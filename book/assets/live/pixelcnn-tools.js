// What a reader changes: where to begin, what is kept, how the brush works.
import { button, el, picture, slider } from "./parts.js";
import { pixelsOf } from "./pixelcnn-drawing.js";

export function group(label, ...children) {
  const made = el("div", { className: "gc-live-column gc-pixel-group" });
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", label);
  const title = el("span", { className: "gc-pixel-group-title" }, label);
  title.ariaHidden = "true";
  made.append(title, el("div", { className: "gc-live-buttons" }, ...children));
  return made;
}

// Buttons of which one is pressed. `press(k)` does not call onChoose.
function toggles(buttons, onChoose) {
  const press = (chosen) =>
    buttons.forEach((one, k) => one.setAttribute("aria-pressed", k === chosen));
  buttons.forEach((one, k) =>
    one.addEventListener("click", () => {
      press(k);
      onChoose(k);
    }),
  );
  return press;
}

// Pictures to begin with. onChoose is told an image's number, -1 for an empty page.
export function beginnings(images, { classes, labels }, onChoose) {
  const pictures = images.map((image, k) => {
    const small = picture({ label: "" });
    small.draw(Float32Array.from(image, (level) => level / 255));
    small.element.removeAttribute("role");
    small.element.removeAttribute("aria-label");
    const made = el("button", { type: "button" }, small.element);
    made.setAttribute("aria-label", `Test image: ${classes[labels[k]]}`);
    made.title = classes[labels[k]];
    return made;
  });
  const empty = el("button", { type: "button" }, "Empty page");
  const buttons = [empty, ...pictures];
  for (const one of buttons) one.className = "gc-live-button gc-pixel-thumb";
  const press = toggles(buttons, (k) => onChoose(k - 1));
  return {
    element: group("Begin with", ...buttons),
    press: (number) => press(number + 1),
  };
}

const BRUSHES = ["Erase", "Paint grey", "Bring back"];

// `edit(words, change)` makes a change of the drawing. `sourceOf(k)` is the level of the
// image that the reader began with; null on an empty page.
export function tools(edit, drawing, sourceOf) {
  let chosen = 0;
  const grey = slider({
    label: "Grey to paint with",
    ...{ min: 0, max: 255, step: 1, value: 200 },
    onInput: () => choose(1),
  });
  const brushes = BRUSHES.map((words) => button(words, () => {}));
  const press = toggles(brushes, (k) => {
    chosen = k;
  });
  function choose(k) {
    chosen = k;
    press(k);
  }
  choose(0);
  const back = (pixels) =>
    sourceOf(0) === null ? drawing.erase(pixels) : drawing.keep(pixels, sourceOf);
  const whole = (words, change) => button(words, () => edit(words, change));
  const parts = [
    whole("Lower half", () => drawing.erase(pixelsOf("lower"))),
    whole("Upper half", () => drawing.erase(pixelsOf("upper"))),
    whole("A box", () => drawing.erase(pixelsOf("box"))),
    whole("All", () => drawing.erase(pixelsOf("all"))),
  ];
  const brushing = group("Brush on the image", ...brushes);
  brushing.append(grey.element);
  const all = whole("Bring all back", () => back(pixelsOf("all")));
  return {
    elements: [group("Erase a part", ...parts, all), brushing],
    brush(pixels) {
      const changes = [
        () => drawing.erase(pixels),
        () => drawing.keep(pixels, () => grey.value),
        () => back(pixels),
      ];
      edit("", changes[chosen]);
    },
  };
}

const SEEDS = 1e6;

// The number that the random numbers start from. A wrong one is not taken.
export function seedField(onChange) {
  const input = el("input", { type: "number", min: 0, max: SEEDS, step: 1, value: 0 });
  input.addEventListener("change", () => {
    if (input.checkValidity() && input.value !== "") onChange(input.valueAsNumber);
  });
  return {
    element: el("label", { className: "gc-pixel-seed" }, "Seed ", input),
    set value(seed) {
      input.value = seed;
    },
  };
}
