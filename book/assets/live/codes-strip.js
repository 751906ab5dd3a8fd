// Small pictures in a row, one of which can be chosen: a group of radio buttons.
import { el, picture } from "./parts.js";

let count = 0;

export class Strip {
  constructor(label, onPick) {
    this.onPick = onPick;
    this.name = `gc-strip-${(count += 1)}`;
    this.items = el("div", { className: "gc-strip-items" });
    this.element = el("fieldset", { className: "gc-strip" });
    this.element.append(el("legend", {}, label), this.items);
  }

  // `items` are {label, grey, value}: grey as in parts.js; onPick is told the value.
  fill(items) {
    this.items.replaceChildren(...items.map((item) => this.#one(item)));
  }

  clear() {
    const chosen = this.items.querySelector("input:checked");
    if (chosen) chosen.checked = false;
  }

  #one({ label, grey, value }) {
    const input = el("input", { type: "radio", name: this.name, ariaLabel: label });
    input.addEventListener("change", () => this.onPick(value));
    const image = picture({ label: "" });
    image.element.removeAttribute("role");
    image.element.removeAttribute("aria-label");
    image.element.setAttribute("aria-hidden", "true");
    image.draw(grey);
    return el("label", { title: label }, input, image.element);
  }
}
