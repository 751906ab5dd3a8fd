// The header's buttons to print and to fill the screen, and paper that is light. The
// theme gives its buttons handlers in the markup, which the page's policy stops;
// policy.py names the action instead.
(() => {
  "use strict";
  const actions = {
    fullscreen: () => window.toggleFullScreen(),
    print: () => window.print(),
  };
  for (const button of document.querySelectorAll("[data-gc-action]")) {
    button.addEventListener("click", actions[button.dataset.gcAction]);
  }

  // Listings and figures follow the scheme too, so a style sheet alone could not do it.
  const root = document.documentElement;
  const paper = matchMedia("print");
  let onScreen = null;
  function follow() {
    if (paper.matches && !onScreen) {
      const { mode, theme } = root.dataset;
      onScreen = { mode, theme };
      Object.assign(root.dataset, { mode: "light", theme: "light" });
    } else if (!paper.matches && onScreen) {
      Object.assign(root.dataset, onScreen);
      onScreen = null;
    }
  }
  paper.addEventListener("change", follow);
  follow();
})();
