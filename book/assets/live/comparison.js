// Which model made this? Ten rounds of three pictures and four answers.
import * as law from "./comparison-game.js";
import { tableOf } from "./comparison-table.js";
import { button, el, imagesOf, picture } from "./parts.js";

function anySeed() {
  return crypto.getRandomValues(new Int32Array(1))[0];
}

class Game {
  constructor(kit, images) {
    Object.assign(this, { kit, images });
    this.state = { answers: [], everything: [] };
    this.score = el("p", { className: "gc-live-number gc-guess-score" });
    this.stage = el("div", { className: "gc-guess" });
    this.pictures = Array.from({ length: law.SHOWN }, () => picture({ label: "" }));
    this.begin();
  }

  begin() {
    const counts = Object.entries(this.images).map(([name, all]) => [name, all.length]);
    const seed = anySeed();
    const rounds = law.roundsOf(seed, Object.fromEntries(counts));
    Object.assign(this.state, { seed, rounds, answers: [] });
    this.ask();
  }

  get round() {
    return this.state.rounds[this.state.answers.length];
  }

  #count(round) {
    const { right, streak } = law.scoreOf(this.state.answers);
    const row = streak > 1 ? `, ${streak} in a row` : "";
    const here = `Round ${round} of ${law.ROUNDS}. Right so far: ${right}${row}.`;
    this.score.textContent = `${here} Guessing gets 1 in ${law.CHOICES}.`;
  }

  #draw({ truth, pictures }) {
    pictures.forEach((place, i) => {
      const levels = this.images[truth][place];
      this.pictures[i].draw(Float32Array.from(levels, (level) => level / 255));
      const rough = Math.round(law.roughness(levels));
      const told = `neighbouring pixels differ by ${rough} levels on average`;
      this.pictures[i].describe(`Picture ${i + 1} of ${law.SHOWN}: ${told}`);
    });
  }

  ask() {
    const { round } = this;
    this.#count(this.state.answers.length + 1);
    this.#draw(round);
    const words = "Who made all three of these?";
    this.question = el("p", { className: "gc-guess-question", tabIndex: -1 }, words);
    this.buttons = round.options.map((name, i) => {
      const made = button(law.MAKERS[name].name, () => this.answer(name));
      const key = { className: "gc-guess-key", ariaHidden: "true" };
      made.prepend(el("span", key, String(i + 1)));
      return made;
    });
    const answers = el("div", { className: "gc-guess-answers", role: "group" });
    answers.setAttribute("aria-label", "Answers");
    answers.append(...this.buttons);
    const three = el("div", { className: "gc-guess-pictures" });
    three.append(...this.pictures.map((one) => one.element));
    this.below = el("div", { className: "gc-guess-below" });
    this.stage.replaceChildren(this.question, three, answers, this.below);
  }

  answer(name) {
    const { round, state } = this;
    const given = { truth: round.truth, answer: name };
    state.answers.push(given);
    state.everything.push(given);
    this.buttons.forEach((made, i) => {
      const option = round.options[i];
      const [right, chosen] = [option === round.truth, option === name];
      made.disabled = true;
      made.classList.toggle("gc-guess-right", right);
      made.classList.toggle("gc-guess-wrong", chosen && !right);
      if (right || chosen) made.firstChild.textContent = right ? "✓" : "✗";
    });
    const words = law.verdict(given);
    const over = state.answers.length === law.ROUNDS;
    const next = over
      ? button("See how it went", () => this.finish())
      : button("Next round", () => this.next());
    this.below.append(el("p", {}, words), next);
    this.#count(state.answers.length);
    next.focus({ preventScroll: true });
    this.kit.say(`Round ${state.answers.length}. ${words}`);
  }

  next() {
    this.ask();
    this.question.focus({ preventScroll: true });
  }

  finish() {
    const words = law.summary(law.scoreOf(this.state.answers));
    this.question = el("p", { className: "gc-guess-question", tabIndex: -1 }, words);
    const again = button("Play again", () => {
      this.begin();
      this.question.focus({ preventScroll: true });
    });
    const table = tableOf(this.state.everything);
    this.stage.replaceChildren(this.question, table, again);
    this.score.textContent = "All ten rounds are done.";
    this.question.focus({ preventScroll: true });
    this.kit.say(words);
  }

  // 1 to 4 answer, while the focus is in here.
  pressed(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const made = this.buttons[Number(event.key) - 1];
    if (!made?.isConnected || made.disabled) return;
    made.click();
    event.preventDefault();
  }
}

export async function start(panel, kit) {
  const names = Object.keys(law.MAKERS);
  const files = await kit.load(
    Object.fromEntries(names.map((name) => [name, `${name}.bin`])),
  );
  const entries = Object.entries(files).map(([name, bytes]) => [name, imagesOf(bytes)]);
  const game = new Game(kit, Object.fromEntries(entries));
  panel.append(game.score, game.stage);
  panel.addEventListener("keydown", (event) => game.pressed(event));
  return game.state;
}
