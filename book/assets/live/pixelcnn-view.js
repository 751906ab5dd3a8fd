// What is seen of a drawing: the image, and the law of the pixel that is shown.
import { el, picture } from "./parts.js";
import { pad } from "./pad.js";
import { SIZE } from "./pixelcnn-drawing.js";
import { barsOf, outlineOf, topOf } from "./pixelcnn-law.js";
import { SIDE } from "./pixelcnn-reader.js";

const CELL = 20;
const BLANK = "#1d4a7a";
const BLANK_LINE = "#3f78b5";
const BORDER = "#2f80ed"; // 4.5:1 against black, 3.9:1 against white
const FRAME = "#ffb020";

// The image on a pad. `paint(pixels)` is told the numbers of the pixels brushed.
export function board(paint) {
  const image = picture({ label: "The image", height: SIDE, width: SIDE });
  const marks = el("canvas", { width: SIDE * CELL, height: SIDE * CELL });
  marks.className = "gc-pixel-marks";
  marks.ariaHidden = "true";
  const drawn = pad({
    label: "The image",
    picture: image,
    radius: 1.6,
    paint: (places) => paint([...new Set(places.map(([i, j]) => i * SIDE + j))]),
  });
  drawn.element.classList.add("gc-pixel-board");
  drawn.element.append(marks);
  const context = marks.getContext("2d");
  const hatch = context.createPattern(hatched(), "repeat");
  return {
    element: drawn.element,
    draw(drawing) {
      image.draw(Float32Array.from(drawing.levels, (level) => level / 255));
      context.clearRect(0, 0, marks.width, marks.height);
      context.fillStyle = hatch;
      eachCell((k, x, y) => {
        if (drawing.isBlank(k)) context.fillRect(x, y, CELL, CELL);
      });
      border(context, drawing.known);
      if (drawing.shown) frame(context, drawing.shown.k);
      image.describe(described(drawing));
    },
  };
}

function described(drawing) {
  const kept = drawing.known.reduce((sum, value) => sum + value, 0);
  const { count } = drawing.surprise;
  const left = SIZE - kept - count;
  return `The image: ${kept} pixels kept, ${count} drawn, ${left} to be drawn`;
}

function eachCell(visit) {
  for (let k = 0; k < SIZE; k++) {
    visit(k, (k % SIDE) * CELL, Math.floor(k / SIDE) * CELL);
  }
}

function hatched() {
  const tile = el("canvas", { width: CELL, height: CELL });
  const context = tile.getContext("2d");
  context.fillStyle = BLANK;
  context.fillRect(0, 0, CELL, CELL);
  context.strokeStyle = BLANK_LINE;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(0, CELL);
  context.lineTo(CELL, 0);
  context.stroke();
  return tile;
}

// A line between what is kept and what is not.
function border(context, known) {
  context.strokeStyle = BORDER;
  context.lineWidth = 3;
  context.beginPath();
  eachCell((k, x, y) => {
    if (k % SIDE < SIDE - 1 && known[k] !== known[k + 1]) {
      context.moveTo(x + CELL, y);
      context.lineTo(x + CELL, y + CELL);
    }
    if (k + SIDE < SIZE && known[k] !== known[k + SIDE]) {
      context.moveTo(x, y + CELL);
      context.lineTo(x + CELL, y + CELL);
    }
  });
  context.stroke();
}

function frame(context, k) {
  const [x, y] = [(k % SIDE) * CELL, Math.floor(k / SIDE) * CELL];
  for (const [colour, width] of [
    ["#000", 9],
    [FRAME, 5],
  ]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(x - 2, y - 2, CELL + 4, CELL + 4);
  }
}

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// The law as bars over a strip of greys, with a mark at the level drawn.
export function chart() {
  const bars = svg("path", { class: "gc-pixel-bars" });
  const plain = svg("path", { class: "gc-pixel-outline" });
  const box = svg("svg", { viewBox: "0 0 256 100", preserveAspectRatio: "none" });
  box.append(bars, plain);
  const mark = el("div", { className: "gc-pixel-mark" });
  const top = el("div", { className: "gc-pixel-top" });
  const plot = el("div", { className: "gc-pixel-plot" }, box, mark);
  const greys = el("div", { className: "gc-pixel-greys" });
  const ends = el("div", { className: "gc-pixel-ends" });
  ends.append(el("span", {}, "0, black"), el("span", {}, "level"));
  ends.append(el("span", {}, "255, white"));
  const element = el("div", {}, top, plot, greys, ends);
  element.setAttribute("role", "img");
  return {
    element,
    draw(drawing) {
      const law = drawing.law;
      const level = drawing.shown?.level ?? null;
      mark.hidden = level === null;
      bars.setAttribute("d", "");
      plain.setAttribute("d", "");
      element.setAttribute("aria-label", lawInWords(law, level));
      top.textContent = "Probability of each level";
      if (!law) return;
      const high = topOf(law);
      top.textContent = `Probability of each level, from 0 to ${100 * high} %`;
      bars.setAttribute("d", barsOf(law, high));
      if (drawing.temperature !== 1) {
        plain.setAttribute("d", outlineOf(drawing.shown.logProbs.map(Math.exp), high));
      }
      mark.style.left = `${(100 * (level + 0.5)) / 256}%`;
    },
  };
}

export function lawInWords(law, level) {
  if (!law) return "No pixel is shown";
  const likeliest = law.indexOf(law.reduce((a, b) => Math.max(a, b)));
  const words = `Law of the pixel: likeliest is level ${likeliest}, ${percent(law[likeliest])}`;
  return level === null ? words : `${words}; drawn is level ${level}`;
}

export function percent(probability) {
  const value = 100 * probability;
  if (value < 0.01) return "under 0.01 %";
  return `${value.toFixed(value < 10 ? 2 : 1)} %`;
}
