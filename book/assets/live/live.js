// Puts a button on each live figure. Before it is pressed nothing is loaded.
import { el } from "./parts.js";

const DATA = new URL("../models/", import.meta.url);

function prepare(figure) {
  const stage = figure.querySelector(".gc-live-stage");
  const still = [...stage.children];
  const name = figure.dataset.live;
  const start = el("button", { type: "button", className: "gc-live-start" });
  start.append(el("span", { ariaHidden: "true" }, "▶ "), "Try it here");
  start.addEventListener("click", () => run(figure, stage, name, still));
  stage.append(start);
}

// The figure keeps its height while it loads, so that the page does not jump.
async function run(figure, stage, name, still) {
  stage.style.minHeight = `${stage.offsetHeight}px`;
  const bar = el("progress", { max: 1, value: 0, ariaLabel: "Loading the model" });
  const words = el("p", { className: "gc-live-word", role: "status" }, "Loading …");
  const waiting = el("div", { className: "gc-live-wait", tabIndex: -1 }, bar, words);
  stage.replaceChildren(waiting);
  waiting.focus({ preventScroll: true });
  try {
    const { Kit } = await import("./kit.js");
    const kit = new Kit(new URL(`${name}/`, DATA), (part, said) => {
      bar.value = part;
      words.textContent = said;
    });
    const widget = await import(`./${name}.js`);
    const panel = el("div", { className: "gc-live-panel", tabIndex: -1 });
    figure.live = await widget.start(panel, kit);
    panel.append(kit.spoken);
    stage.replaceChildren(panel);
    figure.dataset.state = "live";
    panel.focus({ preventScroll: true });
  } catch (error) {
    figure.dataset.state = "failed";
    const again = el("button", { type: "button" }, "Try again");
    again.addEventListener("click", () => run(figure, stage, name, still));
    const said = `The live model did not start. ${error.message}`;
    const alert = el("p", { className: "gc-live-error", role: "alert" }, said);
    stage.replaceChildren(...still, alert, again);
    again.focus({ preventScroll: true });
    console.warn(error);
  } finally {
    stage.style.minHeight = "";
  }
}

for (const figure of document.querySelectorAll("figure[data-live]")) prepare(figure);
