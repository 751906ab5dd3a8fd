// A small part of the plane, enlarged: the cloud of codes around a picture's own.
import { ellipse, roundUp } from "./codes-law.js";
import { el } from "./parts.js";
import { svg } from "./plane.js";

const SIDE = 100;
const ROOM = 5; // standard deviations across the lens

export class Lens {
  constructor(width) {
    this.width = width; // of the plane
    this.cloud = svg("path", { class: "gc-codes-cloud" });
    this.point = svg("circle", { class: "gc-codes-here", r: 3 });
    const drawing = svg("svg", {
      viewBox: `0 0 ${SIDE} ${SIDE}`,
      "aria-hidden": "true",
    });
    drawing.append(this.cloud, this.point);
    this.words = el("p");
    this.element = el("div", { className: "gc-codes-lens" });
    this.element.append(drawing, this.words);
  }

  // The cloud N(mu, diag deviations^2) and the point, if that is in sight.
  show(mu, deviations, point) {
    const side = roundUp(ROOM * Math.max(...deviations));
    const scale = SIDE / side;
    const middle = [SIDE / 2, SIDE / 2];
    const sizes = deviations.map((value) => value * scale);
    this.cloud.setAttribute("d", ellipse(middle, sizes));
    const [across, up] = point.map((value, k) => (value - mu[k]) * scale);
    this.point.setAttribute("cx", SIDE / 2 + across);
    this.point.setAttribute("cy", SIDE / 2 - up);
    const [a, b] = deviations.map((value) => value.toPrecision(2));
    const times = this.width / side;
    this.words.textContent =
      `The encoder's cloud q(z | x), enlarged: ${side.toPrecision(1)} from side to ` +
      `side, ${Math.round(times)} times smaller than the plane. Standard deviations ` +
      `${a} and ${b}.`;
  }
}
