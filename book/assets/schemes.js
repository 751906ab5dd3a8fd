// The two tiles of the home page. They write what the theme's own switch writes, so
// that either can be used and both tell the truth.
(() => {
  "use strict";
  const root = document.documentElement;
  const tiles = [...document.querySelectorAll(".gc-tile")];
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
  }

  for (const tile of tiles) tile.addEventListener("click", () => choose(tile));
  const changes = { attributes: true, attributeFilter: ["data-theme", "data-mode"] };
  new MutationObserver(show).observe(root, changes);
  show();

  // A box that scrolls sideways has to be reachable by keyboard.
  const boxes = "div.math, .pst-scrollable-table-container, .cell_output > .output";
  function reachable() {
    for (const box of document.querySelectorAll(boxes)) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    }
  }
  window.addEventListener("load", reachable);
})();
