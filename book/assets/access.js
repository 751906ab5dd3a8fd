// What the theme's scripts leave out for readers with a keyboard or a screen reader.
(() => {
  "use strict";
  const main = document.getElementById("main-content");

  // ---- boxes that scroll sideways: by keyboard too, and with a name ----

  const wide = "div.math, .katex-display";
  const kinds = { Formula: wide, Output: ".output", Table: "*" };
  const boxes = `${wide}, .cell_output > .output, .pst-scrollable-table-container`;

  function reach() {
    // First all that is measured, then all that is changed: one layout, not hundreds.
    const found = [...main.querySelectorAll(wide)];
    const scrolls = found.map((box) => box.scrollWidth > box.clientWidth + 1);
    found.forEach((box, k) => {
      if (scrolls[k]) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
  }

  // The theme itself makes the other boxes reachable, by their tabindex.
  function tell() {
    const count = {};
    for (const box of main.querySelectorAll(boxes)) {
      const kind = Object.keys(kinds).find((name) => box.matches(kinds[name]));
      count[kind] = (count[kind] ?? 0) + 1;
      if (box.tabIndex === 0) {
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", `${kind} ${count[kind]}, scrolls sideways`);
      } else if (box.getAttribute("role") === "region") {
        box.removeAttribute("role");
        box.removeAttribute("aria-label");
      }
    }
  }

  // ---- menus of a narrow screen ----

  // They close by Escape and by a touch outside, neither of which is for everyone.
  function closable(bar) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "gc-close btn";
    button.textContent = "Close";
    button.addEventListener("click", () => button.closest("dialog")?.close());
    bar.prepend(button);
  }

  // ---- solutions ----

  function named(button) {
    const title = button.closest(".admonition-title");
    const words = title.textContent.trim().replace(/\s+/g, " ");
    const show = () => {
      const text = `${button.dataset.toggleHint}: ${words}`;
      if (button.getAttribute("aria-label") !== text) {
        button.setAttribute("aria-label", text);
      }
    };
    show();
    const hint = { attributeFilter: ["data-toggle-hint"] };
    new MutationObserver(show).observe(button, hint);
    // A link in a title leads somewhere. It would open whatever was opened last, too.
    for (const link of title.querySelectorAll("a")) {
      link.addEventListener("click", (event) => event.stopPropagation());
    }
  }

  // ---- words that come up over a button ----

  function dismiss(event) {
    if (event.key !== "Escape") return;
    for (const button of document.querySelectorAll("[data-bs-toggle='tooltip']")) {
      window.bootstrap?.Tooltip.getInstance(button)?.hide();
    }
  }

  // ---- all of it, after the theme's scripts have done theirs ----

  function start() {
    const bars = "#pst-primary-sidebar, #pst-secondary-sidebar";
    for (const bar of document.querySelectorAll(bars)) closable(bar);
    for (const button of main.querySelectorAll(".toggle-button")) named(button);
    // The theme takes the focus off these on a click, and a keyboard user would have
    // to begin anew at the top of the page.
    const toggles = ".theme-switch-button, .search-button, .sidebar-toggle";
    for (const button of document.querySelectorAll(toggles)) button.blur = () => {};
    reach();
    tell();
    const tabindex = { subtree: true, attributeFilter: ["tabindex"] };
    new MutationObserver(tell).observe(main, tabindex);
    document.addEventListener("keydown", dismiss);
    window.addEventListener("resize", reach);
    window.addEventListener("load", reach);
  }
  document.addEventListener("DOMContentLoaded", start);
})();
