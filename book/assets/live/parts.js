// Controls and pictures that the live models share.

// An element with properties and children; unknown properties become attributes.
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

let count = 0;

function labelled(control, label, className, ...more) {
  control.id = `gc-live-control-${(count += 1)}`;
  const words = el("label", { htmlFor: control.id }, label);
  return el("div", { className }, words, control, ...more);
}

// A range with its label and its value in words.
export function slider({ label, min, max, step, value, format = String, onInput }) {
  const input = el("input", { type: "range", min, max, step });
  const output = el("output");
  const show = () => {
    output.textContent = format(input.valueAsNumber);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.value = value;
  show();
  input.addEventListener("input", () => {
    show();
    onInput(input.valueAsNumber);
  });
  return {
    element: labelled(input, label, "gc-live-slider", output),
    input,
    get value() {
      return input.valueAsNumber;
    },
    // Does not call onInput.
    set value(number) {
      input.value = number;
      show();
    },
  };
}

// A choice among {value, text}; values are strings.
export function choice({ label, options, value, onChange }) {
  const select = el("select");
  select.append(...options.map((o) => el("option", { value: o.value }, o.text)));
  select.value = value ?? options[0].value;
  select.addEventListener("change", () => onChange(select.value));
  return { element: labelled(select, label, "gc-live-choice"), select };
}

export function button(words, onClick) {
  const made = el("button", { type: "button", className: "gc-live-button" }, words);
  made.addEventListener("click", onClick);
  return made;
}

export function row(...children) {
  return el("div", { className: "gc-live-row" }, ...children);
}

// A grey image: draw(greys) takes numbers from 0 (black) to 1 (white), row by row.
export function picture({ label, height = 28, width = 28 }) {
  const canvas = el("canvas", { className: "gc-live-picture", height, width });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(width, height);
  return {
    element: canvas,
    draw(greys) {
      for (let i = 0; i < height * width; i++) {
        pixels.data.fill(Math.round(255 * greys[i]), 4 * i, 4 * i + 3);
        pixels.data[4 * i + 3] = 255;
      }
      context.putImageData(pixels, 0, 0);
    },
    describe(words) {
      canvas.setAttribute("aria-label", words);
    },
  };
}

// The images of a file of levels, each from 0 to 255.
export function imagesOf(bytes, size = 784) {
  const number = bytes.length / size;
  if (!Number.isInteger(number) || number === 0) {
    throw new Error(`Expected images of ${size} bytes, got ${bytes.length} bytes.`);
  }
  return Array.from({ length: number }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}
