// The plane of codes: test images by class, rings of N(0, I), a legend that picks one.
import { crosses, ellipse, marks, nearest } from "./codes-law.js";
import { el } from "./parts.js";
import { plane, svg } from "./plane.js";

const MARK = 3.1;
export const OUTER = 2; // standard deviations
const RINGS = [1, OUTER];
const CLOSE = 8; // how near a pointer must come to a mark to name it

export class CodesMap {
  constructor({ codes, onMove }) {
    this.codes = codes;
    const [x, y] = codes.reach;
    this.near = el("p", { className: "gc-codes-near" });
    this.plane = plane({
      label: "Code",
      ...{ x, y, start: [0, 0] },
      onMove: (place) => {
        this.#name(place);
        onMove(place);
      },
      onHover: (place) => this.#hover(place),
      name: (place) => `, nearest: ${this.kindNear(place)}`,
    });
    this.#drawCodes();
    this.cloud = this.plane.layer("gc-codes-cloud");
    this.draws = this.plane.layer("gc-codes-draws");
    this.element = el("div", { className: "gc-live-column gc-codes-map" });
    this.element.append(this.plane.element, this.near, this.#legend());
  }

  set place(next) {
    this.plane.place = next;
    this.#name(next);
  }

  kindNear(place) {
    const { points, classes } = this.codes;
    return classes[points[nearest(points, place).index][2]];
  }

  // The ellipse of one standard deviation of a cloud of codes.
  showCloud(mu, deviations) {
    const sizes = deviations.map((value) => this.plane.length(value));
    this.cloud.setAttribute("d", ellipse(this.plane.at(mu), sizes));
  }

  showDraws(places) {
    const inside = places.map((place) => this.plane.at(place));
    this.draws.setAttribute("d", crosses(inside, 5));
  }

  #name(place) {
    this.near.textContent = `Nearest test picture: ${this.kindNear(place)}`;
  }

  #hover(place) {
    if (!place) return this.#name(this.plane.place);
    const { points } = this.codes;
    const { index, distance } = nearest(points, place);
    if (this.plane.length(distance) > CLOSE) return this.#name(this.plane.place);
    const kind = this.codes.classes[points[index][2]];
    this.near.textContent = `Under the pointer: ${kind}`;
  }

  #drawCodes() {
    for (const radius of RINGS) {
      const size = this.plane.length(radius);
      this.plane.layer("gc-codes-ring", ellipse(this.plane.at([0, 0]), [size, size]));
    }
    this.layers = this.codes.classes.map((_, kind) => {
      const own = this.codes.points.filter((point) => point[2] === kind);
      const places = own.map((point) => this.plane.at(point));
      return this.plane.layer(`gc-kind gc-kind-${kind}`, marks(kind, places, MARK));
    });
  }

  #legend() {
    const group = el("div", { className: "gc-codes-legend", role: "group" });
    group.ariaLabel = "Show one kind alone";
    const buttons = this.codes.classes.map((name, kind) => {
      const mark = svg("svg", { viewBox: "-6 -6 12 12", "aria-hidden": "true" });
      mark.append(
        svg("path", { class: `gc-kind-${kind}`, d: marks(kind, [[0, 0]], 4) }),
      );
      const made = el("button", { type: "button", ariaPressed: "false" }, mark, name);
      made.addEventListener("click", () => {
        const alone = made.ariaPressed !== "true";
        buttons.forEach((one, other) => {
          one.ariaPressed = String(alone && other === kind);
          this.layers[other].classList.toggle("gc-kind-faint", alone && other !== kind);
        });
      });
      return made;
    });
    group.append(...buttons);
    return group;
  }
}
