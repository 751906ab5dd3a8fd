// Sets formulas as HTML and MathML with KaTeX, so that pages need no script for them.
//
// Usage: node typeset.mjs PATH/OF/katex.mjs, with JSON on standard input: a list of
// {tex, display}. It answers with a list of {html} or {error}, in the same order.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { default: katex } = await import(pathToFileURL(process.argv[2]));

function typeset({ tex, display }) {
  try {
    const options = { displayMode: display, strict: "error", throwOnError: true };
    return { html: katex.renderToString(tex, options) };
  } catch (error) {
    return { error: error.message };
  }
}

const formulas = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(formulas.map(typeset)));
