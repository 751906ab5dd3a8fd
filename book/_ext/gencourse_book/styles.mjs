// Joins style sheets into one, without rules for classes that occur nowhere.
//
// Usage: node styles.mjs PATH/OF/csstree.esm.js, with JSON on standard input:
// {words, prefixes, sheets}. Words are all class names that a page may bear, prefixes
// begin those that a script puts together; a sheet is {place, text}, its path below the
// folder of the joined sheet. It answers with the joined sheet's text.
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { pathToFileURL } from "node:url";

const { generate, parse, walk } = await import(pathToFileURL(process.argv[2]));
const { words, prefixes, sheets } = JSON.parse(readFileSync(0, "utf8"));
const known = new Set(words);

// In a sheet, "\:" and the like stand for the character itself.
const plain = (name) => name.replace(/\\([^0-9a-f])/gi, "$1");

function occurs(name) {
  return known.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

// Only the classes that an element must bear: not those inside :not(), :is() and such.
function mayApply(selector) {
  const classes = selector.children.filter((part) => part.type === "ClassSelector");
  return classes.toArray().every((part) => occurs(plain(part.name)));
}

function dropRules(tree) {
  walk(tree, {
    visit: "Rule",
    leave(rule, item, list) {
      if (rule.prelude.type !== "SelectorList") return;
      const selectors = rule.prelude.children;
      selectors.forEach((selector, place) => {
        if (!mayApply(selector)) selectors.remove(place);
      });
      if (selectors.isEmpty || rule.block.children.isEmpty) list.remove(item);
    },
  });
}

function dropEmptyGroups(tree) {
  walk(tree, {
    visit: "Atrule",
    leave(group, item, list) {
      if (group.block?.children.isEmpty) list.remove(item);
    },
  });
}

function moveAddresses(tree, folder) {
  walk(tree, {
    visit: "Url",
    enter(url) {
      if (!/^([a-z]+:|\/|#)/.test(url.value)) {
        url.value = posix.normalize(posix.join(folder, url.value));
      }
    },
  });
}

function joined({ place, text }) {
  const tree = parse(text, { onParseError: (error) => broken(place, error) });
  dropRules(tree);
  dropEmptyGroups(tree);
  moveAddresses(tree, posix.dirname(place));
  return generate(tree).replace(/@charset "[^"]*";/, "");
}

function broken(place, error) {
  process.stderr.write(`${place}: ${error.message}\n`);
}

process.stdout.write(JSON.stringify(sheets.map(joined).join("\n")));
