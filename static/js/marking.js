// Grading by keyboard: J and K move, F gives all points, 0 none, P goes to the points, C to the comment, Ctrl+Enter saves.
(() => {
  "use strict";
  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("form[data-marking]");
    if (!form) return;
    const rows = Array.from(form.querySelectorAll("[data-row]"));
    const here = () => Math.max(0, rows.findIndex((row) => row.contains(document.activeElement)));
    const go = (n) => {
      const row = rows[Math.min(Math.max(0, n), rows.length - 1)];
      if (!row) return;
      row.focus({ preventScroll: true });
      row.scrollIntoView({ block: "start" });
    };
    form.querySelectorAll("[data-give]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => { button.closest("[data-row]").querySelector("[data-points]").value = button.dataset.give; });
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        form.requestSubmit();
        return;
      }
      if (event.target.matches("input:not([type=hidden]), textarea, select")) {
        if (event.key === "Escape") event.target.closest("[data-row]")?.focus();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const row = rows[here()];
      const points = row && row.querySelector("[data-points]");
      const keys = {
        j: () => go(rows.some((one) => one.contains(document.activeElement)) ? here() + 1 : 0),
        k: () => go(here() - 1),
        f: () => { points.value = points.max; },
        0: () => { points.value = "0"; },
        p: () => points.focus(),
        c: () => row.querySelector("textarea").focus(),
      };
      const act = keys[event.key.toLowerCase()];
      if (act && row) {
        event.preventDefault();
        act();
      }
    });
  });
})();
