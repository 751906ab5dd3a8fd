// What was answered for each maker, as a table.
import { confusions, MAKERS } from "./comparison-game.js";
import { el } from "./parts.js";

function heading(words, scope) {
  return el("th", { scope }, el("span", {}, words));
}

// A table with a row for each maker and a column for each answer.
export function tableOf(answers) {
  const counts = confusions(answers);
  const names = Object.keys(MAKERS);
  const head = el("tr", {}, el("td"));
  head.append(...names.map((name) => heading(MAKERS[name].short, "col")));
  head.append(heading("told", "col"));
  const rows = names.map((truth) => {
    const cells = names.map((name) => {
      const count = counts[truth][name];
      const className = name === truth ? "gc-guess-told" : count ? "" : "gc-guess-none";
      return el("td", { className }, String(count));
    });
    const all = Object.values(counts[truth]).reduce((a, b) => a + b, 0);
    const told = el("td", {}, `${counts[truth][truth]} of ${all}`);
    return el("tr", {}, heading(MAKERS[truth].short, "row"), ...cells, told);
  });
  const caption = el(
    "caption",
    {},
    "Rows: who made them. Columns: what you said, in all games here.",
  );
  const table = el("table", { className: "gc-guess-table" }, caption);
  table.append(el("thead", {}, head), el("tbody", {}, ...rows));
  return table;
}
