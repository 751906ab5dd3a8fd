// The two tiles of the home page. They write what the theme's own switch writes, so
// that either can be used and both tell the truth.
(() => {
  "use strict";
  const root = document.documentElement;
  const tiles = [...document.querySelectorAll(".gc-tile")];
  const switches = document.querySelectorAll(".theme-switch-button");
  const names = { auto: "as your system has it", light: "light", dark: "dark" };
  const word = document.querySelector(".gc-tiles-word");

  function remember(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Storage is off: the choice holds for this page alone.
    }
  }

  function choose(tile) {
    const scheme = tile.dataset.scheme;
    root.dataset.mode = scheme;
    root.dataset.theme = scheme;
    remember("mode", scheme);
    remember("theme", scheme);
    word.textContent = `The site is now in ${tile.dataset.name}.`;
  }

  function show() {
    const { mode, theme } = root.dataset;
    // The theme's listener for the system's scheme outlives its own mode "auto".
    if (["light", "dark"].includes(mode) && theme !== mode) root.dataset.theme = mode;
    for (const tile of tiles) {
      const on = tile.dataset.scheme === root.dataset.theme;
      tile.setAttribute("aria-pressed", String(on));
    }
    const name = `Colour scheme: ${names[mode] ?? mode}`;
    for (const button of switches) button.setAttribute("aria-label", name);
  }

  for (const tile of tiles) tile.addEventListener("click", () => choose(tile));
  const changes = { attributes: true, attributeFilter: ["data-theme", "data-mode"] };
  new MutationObserver(show).observe(root, changes);
  show();
})();
