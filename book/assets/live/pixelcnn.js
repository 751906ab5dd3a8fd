// A Gated PixelCNN that draws an image pixel by pixel, or what was erased of one.
import { button, choice, el, imagesOf, row, slider } from "./parts.js";
import { Drawing, SIZE, pixelsOf } from "./pixelcnn-drawing.js";
import { Reader, SIDE } from "./pixelcnn-reader.js";
import { Runner } from "./pixelcnn-runner.js";
import { beginnings, seedField, tools } from "./pixelcnn-tools.js";
import { board, chart, percent } from "./pixelcnn-view.js";

const FIRST = 9; // of the images: an ankle boot
const SPEEDS = [4, 15, 60, 240, 1e6];

export async function start(panel, kit) {
  const files = { row: "row.onnx", pixel: "pixel.onnx" };
  files.numbers = "model.json";
  files.images = "images.bin";
  const { numbers, images, ...graphs } = await kit.load(files);
  const widget = new Widget(graphs, numbers, imagesOf(images), kit);
  panel.append(...widget.elements());
  widget.begin(FIRST);
  await widget.drawing.look();
  widget.show();
  widget.play();
  return widget;
}

class Widget {
  constructor(graphs, numbers, images, kit) {
    Object.assign(this, { numbers, images, kit, image: -1, redraws: 0 });
    this.drawing = new Drawing(new Reader(graphs, numbers));
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.runner = new Runner(this.drawing, {
      frame: () => new Promise(requestAnimationFrame),
      rest: () => new Promise((done) => setTimeout(done)),
      show: () => this.show(),
    });
    this.runner.rate = SPEEDS[2];
    this.law = chart();
    this.place = el("p", { className: "gc-pixel-place" });
    this.mean = el("p", { className: "gc-pixel-mean" });
    this.told = el("p", { className: "gc-pixel-told" });
    const edit = (words, change) => this.edit(words, change);
    this.tools = tools(edit, this.drawing, (k) => this.images[this.image]?.[k] ?? null);
    this.board = board((pixels) => this.tools.brush(pixels));
    this.beginnings = beginnings(images, numbers, (number) => this.pick(number));
    this.seed = seedField((seed) => this.draw(seed));
    this.buttons();
    this.settings();
  }

  buttons() {
    this.main = button("Draw", () => this.toggle());
    this.main.classList.add("gc-pixel-main");
    const step = button("One pixel", () => this.step());
    const all = button("All at once", () => this.all());
    const fresh = button("New draw", () => this.draw(this.drawing.seed + 1));
    this.actions = el("div", { className: "gc-live-buttons" });
    this.actions.append(this.main, step, all, fresh, this.seed.element);
  }

  settings() {
    const { classes } = this.numbers;
    this.classes = choice({
      label: "The class that the model is told",
      options: classes.map((text, k) => ({ value: String(k), text })),
      onChange: (value) => this.tell(Number(value)),
    });
    this.temperature = slider({
      label: "Temperature",
      ...{ min: 0.1, max: 1.5, step: 0.05, value: 1 },
      format: (value) => value.toFixed(2),
      onInput: (value) => this.warm(value),
    });
    this.speed = slider({
      label: "Speed",
      ...{ min: 0, max: SPEEDS.length - 1, step: 1, value: 2 },
      format: (k) =>
        SPEEDS[k] > 1e3 ? "as fast as it can" : `${SPEEDS[k]} pixels a second`,
      onInput: (k) => {
        this.runner.rate = SPEEDS[k];
      },
    });
  }

  elements() {
    const warmth = el("p", { className: "gc-pixel-hint" });
    warmth.append(
      "Divides the log-probability of every level. Below 1 likely levels win more ",
      "often, above 1 the law gets flatter. Dashed: the law at 1.",
    );
    const left = el("div", { className: "gc-live-column" });
    left.append(this.board.element, this.actions, this.classes.element, this.told);
    const right = el("div", { className: "gc-live-column" }, this.law.element);
    right.append(this.place, this.mean, this.speed.element);
    right.append(this.temperature.element, warmth);
    const [parts, brush] = this.tools.elements;
    const both = row(left, right);
    both.classList.add("gc-pixel-both");
    return [both, this.beginnings.element, row(parts, brush)];
  }

  // An image with its lower half erased, and its own class; or an empty page.
  begin(number) {
    this.image = number;
    this.drawing.erase(pixelsOf("all"));
    const image = this.images[number];
    if (image) {
      this.drawing.keep(pixelsOf("upper"), (k) => image[k]);
      this.drawing.label = this.numbers.labels[number];
      this.classes.select.value = String(this.drawing.label);
    }
    this.beginnings.press(number);
  }

  pick(number) {
    this.runner.stop();
    this.begin(number);
    this.play();
  }

  tell(label) {
    this.runner.stop();
    this.drawing.label = label;
    this.play();
  }

  draw(seed) {
    this.runner.stop();
    this.drawing.seed = seed;
    this.seed.value = seed;
    if (this.calm.matches) return this.all();
    return this.play();
  }

  // A finished image is drawn anew with the same random numbers.
  warm(temperature) {
    const again = this.drawing.complete || this.redraws > 0;
    this.drawing.temperature = temperature;
    if (!again) return this.show();
    this.drawing.rewind(0);
    return this.redraw();
  }

  async redraw() {
    this.redraws += 1;
    await this.all();
    this.redraws -= 1;
  }

  edit(words, change) {
    this.runner.stop();
    change();
    this.look();
  }

  // Runs by itself, unless the reader's system asks for little motion.
  play() {
    if (this.calm.matches) return this.look();
    return this.run();
  }

  toggle() {
    if (this.runner.running) {
      this.runner.stop();
      this.show();
    } else if (this.drawing.complete) {
      this.draw(this.drawing.seed + 1);
    } else {
      this.run();
    }
  }

  run() {
    return this.heard(this.runner.run());
  }

  all() {
    return this.heard(this.runner.all());
  }

  // An error on the way is said where the pixel's place stands.
  async heard(work) {
    try {
      await work;
    } catch (error) {
      this.place.textContent = `The drawing stopped: ${error.message}`;
      console.warn(error);
    }
  }

  step() {
    this.runner.stop();
    return this.heard(
      this.drawing.step().then(() => {
        this.show();
        this.kit.say(this.place.textContent);
      }),
    );
  }

  async look() {
    if (!this.drawing.shown) await this.drawing.look();
    this.show();
  }

  show() {
    const { drawing, runner } = this;
    this.board.draw(drawing);
    this.law.draw(drawing);
    this.main.textContent = runner.running ? "Pause" : "Draw";
    this.place.textContent = this.placeInWords();
    const { count, mean } = drawing.surprise;
    this.mean.textContent = count ? this.meanInWords(count, mean) : "";
    this.told.textContent = this.toldInWords();
    if (drawing.complete && !this.wasComplete) this.kit.say(this.mean.textContent);
    this.wasComplete = drawing.complete;
  }

  placeInWords() {
    const { shown, law } = this.drawing;
    if (!shown) return "Every pixel is kept. Erase some, and the model draws them.";
    const place = `Row ${Math.floor(shown.k / SIDE) + 1}, column ${(shown.k % SIDE) + 1}`;
    if (shown.level === null) return `${place}: to be drawn next`;
    const chance = percent(law[shown.level]);
    return `${place}: level ${shown.level} was drawn, its probability ${chance}`;
  }

  meanInWords(count, mean) {
    const usual = this.numbers.bits_per_dim.toFixed(2);
    const left = count < SIZE ? `${count} pixels drawn` : "All pixels drawn";
    return `${left}, mean surprise ${mean.toFixed(2)} bits (whole test images: ${usual})`;
  }

  toldInWords() {
    const { classes, labels } = this.numbers;
    const told = classes[this.drawing.label];
    const own = classes[labels[this.image]];
    if (!own) return "An empty page: the label alone says what to draw.";
    if (own === told) return "This is the image's own class. Choose another one!";
    return `The image's own class is ${own}. The model goes by the label it is told.`;
  }
}
