// A picture, its code on a plane, and what the code decodes to: for the autoencoder and
// the VAE, which differ in `model` alone:
//   encode(graph, levels) -> {mu, deviations?, kl?}
//   decode(graph, z, levels) -> {grey, cost}: cost is how badly z explains the levels
//   rows({cost, home, code}) -> [term, number] to be shown
import { CodesMap, OUTER } from "./codes-map.js";
import { LEVELS, priorWithin, within } from "./codes-law.js";
import { Lens } from "./codes-lens.js";
import { Strip } from "./codes-strip.js";
import { latest } from "./latest.js";
import { pad } from "./pad.js";
import { button, el, imagesOf, picture, row, slider } from "./parts.js";
import { Random } from "./random.js";

const SIDE = 28;
const DRAWS = 10;
const INK = 230; // the level of the brush
const BRUSH = 1.5; // radii, in pixels
const ERASER = 2.4;
const RINGS = "The rings are one and two standard deviations of N(0, I).";

export async function start(panel, kit, model) {
  const files = await kit.load({
    encoder: "encoder.onnx",
    decoder: "decoder.onnx",
    codes: "codes.json",
    images: "images.bin",
  });
  const explorer = new Explorer(kit, files, model);
  panel.append(...explorer.elements());
  await explorer.choose(model.first);
  return explorer.state;
}

class Explorer {
  // What tests read: the point `z`; `decoded`, the point that `grey` and `cost` belong
  // to; the picture's `levels` and its `code`; `home`, the cost of that code.
  state = {
    ...{ z: [0, 0], levels: new Float32Array(SIDE * SIDE), code: null },
    ...{ decoded: null, grey: null, cost: null, home: null },
    ...{ drawn: [], updates: 0, encoded: 0 },
  };
  random = new Random(0);
  erasing = false;

  constructor(kit, { encoder, decoder, codes, images }, model) {
    Object.assign(this, { kit, encoder, decoder, codes, model });
    this.images = imagesOf(images);
    this.map = new CodesMap({ codes, onMove: (place) => this.move(place) });
    const [[left, right]] = codes.reach;
    this.lens = model.cloud ? new Lens(right - left) : null;
    this.decode = latest(async () => {
      const z = this.state.z;
      this.show(z, await model.decode(decoder, z, this.state.levels));
    });
    this.encode = latest(() => this.place());
  }

  // ---- what is on the page ----

  elements() {
    this.numbers = el("dl", { className: "gc-codes-numbers" });
    const right = el("div", { className: "gc-live-column" }, this.pair(), this.tools());
    right.append(...this.sliders(), this.numbers);
    if (this.lens) right.append(this.lens.element);
    return [row(this.map.element, right), this.tests(), this.prior()];
  }

  pair() {
    this.picture = picture({ label: "The picture" });
    this.decodedPicture = picture({ label: "The decoded picture" });
    this.pad = pad({
      label: "The picture, to draw on",
      picture: this.picture,
      radius: BRUSH,
      paint: (places) => this.paint(places),
    });
    const titled = (words, element) => el("div", {}, el("p", {}, words), element);
    const both = el("div", { className: "gc-codes-pair" });
    both.append(
      titled("Picture: draw on it", this.pad.element),
      titled("Decoded", this.decodedPicture.element),
    );
    return both;
  }

  tools() {
    const made = el("div", { className: "gc-live-buttons" });
    const brushes = [false, true].map((erasing) =>
      button(erasing ? "Eraser" : "Brush", () => {
        this.erasing = erasing;
        this.pad.radius = erasing ? ERASER : BRUSH;
        brushes.forEach((one, k) => {
          one.ariaPressed = String(Boolean(k) === erasing);
        });
      }),
    );
    brushes[0].ariaPressed = "true";
    brushes[1].ariaPressed = "false";
    const clear = button("Clear", () => this.draw(new Float32Array(SIDE * SIDE)));
    const back = button("Back to the picture's code", () => this.encode());
    made.append(...brushes, clear, back);
    return made;
  }

  sliders() {
    this.axes = this.codes.reach.map(([min, max], axis) =>
      slider({
        label: axis ? "Second number, up" : "First number, across",
        ...{ min, max, step: "any", value: 0 },
        format: (value) => value.toFixed(2).replace("-", "−"),
        onInput: (value) => {
          const next = [...this.state.z];
          next[axis] = value;
          this.map.place = next;
          this.move(next, axis);
        },
      }),
    );
    return this.axes.map((axis) => axis.element);
  }

  tests() {
    this.strip = new Strip("Pictures from the test set", (k) => this.choose(k));
    this.strip.fill(
      this.codes.shown.map(({ place, kind }, k) => ({
        label: `${this.codes.classes[kind]}, test picture ${place + 1}`,
        grey: unit(this.images[k]),
        value: k,
      })),
    );
    return this.strip.element;
  }

  prior() {
    const box = el("div", { className: "gc-codes-prior" });
    const share = (part) => `${Math.round(100 * part)} %`;
    const inside = share(priorWithin(OUTER));
    const own = share(within(this.codes.points, OUTER));
    const words = el(
      "p",
      {},
      `${RINGS} ${inside} of its draws lie inside the outer ring,`,
    );
    words.append(` and ${own} of the codes shown. ${this.model.prior}`);
    const draw = button("Draw ten codes from N(0, I)", () => this.drawTen());
    this.drawnStrip = new Strip("Drawn from N(0, I), decoded", (z) => this.goTo(z));
    this.drawnStrip.element.hidden = true;
    box.append(draw, words, this.drawnStrip.element);
    return box;
  }

  // ---- what happens ----

  // The point was moved: by the plane, or by the slider of an axis.
  move(place, own = null) {
    this.state.z = [...place];
    this.axes.forEach((axis, k) => {
      if (k !== own) axis.value = place[k];
    });
    return this.decode();
  }

  goTo(place) {
    this.map.place = place;
    return this.move(place);
  }

  show(z, { grey, cost }) {
    const { state } = this;
    Object.assign(state, { decoded: z, grey, cost, updates: state.updates + 1 });
    this.decodedPicture.draw(grey);
    this.decodedPicture.describe(`Decoded; nearest: ${this.map.kindNear(z)}`);
    this.tell();
  }

  // The encoder places the picture, and the point goes there.
  async place() {
    const { state, model } = this;
    const levels = state.levels.slice();
    const code = await model.encode(this.encoder, levels);
    const found = await model.decode(this.decoder, code.mu, levels);
    state.code = { ...code, levels };
    Object.assign(state, { home: found.cost, encoded: state.encoded + 1 });
    state.z = code.mu;
    this.map.place = code.mu;
    this.axes.forEach((axis, k) => {
      axis.value = code.mu[k];
    });
    if (code.deviations) this.map.showCloud(code.mu, code.deviations);
    this.show(code.mu, found);
  }

  tell() {
    const { state } = this;
    const rows = this.model.rows(state).flatMap(([term, number]) => {
      return [el("dt", {}, term), el("dd", {}, number)];
    });
    this.numbers.replaceChildren(...rows);
    this.lens?.show(state.code.mu, state.code.deviations, state.z);
  }

  // A test picture is chosen.
  async choose(k) {
    this.strip.items.querySelectorAll("input")[k].checked = true;
    await this.draw(Float32Array.from(this.images[k]), false);
    const kind = this.codes.classes[this.codes.shown[k].kind];
    this.kit.say(`${kind} placed. Nearest: ${this.map.kindNear(this.state.z)}.`);
  }

  draw(levels, own = true) {
    this.state.levels = levels;
    this.picture.draw(unit(levels));
    if (own) this.strip.clear();
    return this.encode();
  }

  paint(places) {
    const levels = this.state.levels.slice();
    for (const [i, j] of places) levels[SIDE * i + j] = this.erasing ? 0 : INK;
    this.draw(levels);
  }

  async drawTen() {
    const codes = Array.from({ length: DRAWS }, () => [...this.random.code(2)]);
    const items = [];
    for (const [k, z] of codes.entries()) {
      const found = await this.model.decode(this.decoder, z, this.state.levels);
      items.push({ label: `Draw ${k + 1}`, grey: found.grey, value: z });
    }
    this.state.drawn = items.map(({ grey, value }) => ({ z: value, grey }));
    this.drawnStrip.fill(items);
    this.drawnStrip.element.hidden = false;
    this.map.showDraws(codes);
    this.kit.say("Ten codes drawn and decoded.");
  }
}

function unit(levels) {
  return Float32Array.from(levels, (level) => level / (LEVELS - 1));
}
