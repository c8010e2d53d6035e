// The outline editor: parts are dragged by their handle or moved by the arrow keys; the order is saved at once.
// Without JavaScript the menus of the parts do the same.
(() => {
  "use strict";

  function editor(root) {
    const status = document.querySelector("[data-outline-status]");
    const places = () => Array.from(root.querySelectorAll("[data-place]"), (part) => part.dataset.place);
    let saving = Promise.resolve();
    let known = places(); // the order that stands on the server as far as this page knows: another author may have changed it since

    const send = async () => {
      const made = places();
      const body = new URLSearchParams({ csrf_token: root.dataset.token });
      made.forEach((place) => body.append("place", place));
      known.forEach((place) => body.append("was", place));
      const answer = await fetch(root.dataset.outline, { method: "POST", body, credentials: "same-origin", headers: { "X-Requested-With": "fetch" } });
      if (answer.ok) known = made;
      status.textContent = answer.ok ? status.dataset.saved : answer.status === 409 ? status.dataset.stale : status.dataset.failed;
    };
    const save = () => {
      saving = saving.then(send).catch(() => { status.textContent = status.dataset.failed; });
    };

    const lists = [root, ...root.querySelectorAll("[data-drop]")];
    if (window.Sortable) {
      lists.forEach((list) => window.Sortable.create(list, {
        group: list.dataset.drop || list.dataset.level,
        handle: "[data-handle]",
        draggable: "[data-place]",
        animation: 120,
        ghostClass: "is-ghost",
        onEnd: (event) => { if (event.from !== event.to || event.oldIndex !== event.newIndex) save(); },
      }));
    }

    root.addEventListener("keydown", (event) => {
      const handle = event.target.closest("[data-handle]");
      if (!handle || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      const part = handle.closest("[data-place]");
      const up = event.key === "ArrowUp";
      const other = up ? part.previousElementSibling : part.nextElementSibling;
      if (other && other.matches("[data-place]")) {
        if (up) other.before(part); else other.after(part);
      } else {
        // At the end of its list a part goes on into the next holder.
        const own = part.parentElement;
        const kin = Array.from(root.querySelectorAll(`[data-drop="${CSS.escape(own.dataset.drop || "")}"]`));
        const next = kin[kin.indexOf(own) + (up ? -1 : 1)];
        if (!own.dataset.drop || !next) return;
        if (up) next.append(part); else next.prepend(part);
      }
      handle.focus();
      save();
    });
    root.querySelectorAll("[data-handle]").forEach((handle) => { handle.hidden = false; });
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-outline]").forEach(editor));
})();
