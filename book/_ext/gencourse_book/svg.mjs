// Writes drawings shorter, with SVGO: fewer decimals, paths with relative steps, and the
// dots of a scatter plot as plain shapes.
//
// Usage: node svg.mjs PATH/OF/svgo.browser.js, with a JSON list of drawings on standard
// input. It answers with the list of shorter ones.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { optimize } = await import(pathToFileURL(process.argv[2]));
const FEW = 8; // as many equal marks are left as they are: the ticks of an axis

// Matplotlib writes a mark's shape in absolute pairs of coordinates alone.
const MARK = /^[MLCQz\d\s.e-]*$/;
const NUMBER = /-?[\d.]+(?:e-?\d+)?/g;

function moved(shape, { x = 0, y = 0 }) {
  let pairs = 0;
  const shift = [Number(x), Number(y)];
  return shape.replace(NUMBER, (number) => {
    return String(Number(number) + shift[pairs++ % 2]);
  });
}

const isMark = (node, first) =>
  node.type === "element" &&
  node.name === "use" &&
  ["xlink:href", "style"].every((name) => node.attributes[name] === first[name]);

const value = (style, name) =>
  style.match(new RegExp(`\\b${name}: *([^;]+)`))?.[1].trim();

// One path can draw all marks where they may overlap unseen: opaque, of one colour.
function canMerge(style) {
  return !/opacity/.test(style) && value(style, "fill") === value(style, "stroke");
}

// A browser copies a shape's whole tree for each <use>; a path is one node.
function drawn(uses, shape) {
  const style = [uses[0].attributes.style, shape.style].filter(Boolean).join("; ");
  const element = (d) => ({
    type: "element",
    name: "path",
    attributes: { d },
    children: [],
  });
  const all = uses.map((use) => moved(shape.d, use.attributes));
  const paths = canMerge(style) ? [all.join(" ")] : all;
  return {
    type: "element",
    name: "g",
    attributes: { style },
    children: paths.map(element),
  };
}

function replaceMarks(parent, shapes) {
  const children = [];
  for (let i = 0; i < parent.children.length;) {
    const first = parent.children[i].attributes ?? {};
    let end = i;
    while (end < parent.children.length && isMark(parent.children[end], first))
      end += 1;
    const shape = shapes.get(first["xlink:href"]);
    if (end - i > FEW && shape && MARK.test(shape.d)) {
      children.push(drawn(parent.children.slice(i, end), shape));
    } else {
      end = Math.max(end, i + 1);
      children.push(...parent.children.slice(i, end));
    }
    i = end;
  }
  parent.children = children;
}

function marks() {
  const shapes = new Map();
  return {
    element: {
      enter({ name, attributes: { id, d, style = "" } }) {
        if (name === "path" && id) shapes.set(`#${id}`, { d, style });
      },
      exit: (node) => replaceMarks(node, shapes),
    },
  };
}

// A page holds many drawings: their names must stay as they are, different from others.
const overrides = { cleanupIds: false };
const options = {
  floatPrecision: 2,
  plugins: [
    { name: "marks", fn: marks },
    { name: "preset-default", params: { overrides } },
  ],
};
const drawings = JSON.parse(readFileSync(0, "utf8"));
const shorter = drawings.map((drawing) => optimize(drawing, options).data);
process.stdout.write(JSON.stringify(shorter));
