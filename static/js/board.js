// The board of supervisors: a person is dragged onto a student's place, or chosen in its list; what speaks against it is told at once.
// Without JavaScript the list and its button do the same, and the server says what was refused.
(() => {
  "use strict";

  function told(slot) {
    const select = slot.querySelector("select"), place = slot.querySelector("[data-told]"), reason = slot.querySelector("[data-reason]");
    if (!select.value) { place.textContent = ""; reason.hidden = true; return; }
    place.textContent = slot.closest("[data-board]").dataset.check;
    fetch(`${slot.dataset.checkUrl}&person_id=${encodeURIComponent(select.value)}`, { credentials: "same-origin" })
      .then((answer) => answer.ok ? answer.text() : "")
      .then((text) => {
        const part = new DOMParser().parseFromString(text, "text/html");
        place.replaceChildren(...part.body.childNodes);
        reason.hidden = !place.querySelector(".pill-wait");
      });
  }

  function board(root) {
    root.querySelectorAll("[data-slot]").forEach((slot) => {
      slot.querySelector("select").addEventListener("change", () => told(slot));
      const fits = (event) => event.dataTransfer.types.includes(`x/${slot.dataset.role}${slot.dataset.firm ? "-" + slot.dataset.firm : ""}`);
      slot.addEventListener("dragover", (event) => { if (fits(event)) { event.preventDefault(); slot.classList.add("is-target"); } });
      slot.addEventListener("dragleave", () => slot.classList.remove("is-target"));
      slot.addEventListener("drop", (event) => {
        event.preventDefault();
        slot.classList.remove("is-target");
        slot.querySelector("select").value = event.dataTransfer.getData("text/plain");
        told(slot);
        slot.querySelector("button").focus();
      });
    });
    root.querySelectorAll("[data-person]").forEach((person) => {
      person.draggable = true;
      person.addEventListener("dragstart", (event) => {
        event.dataTransfer.setData("text/plain", person.dataset.person);
        event.dataTransfer.setData(`x/${person.dataset.role}${person.dataset.firm ? "-" + person.dataset.firm : ""}`, "1");
      });
    });
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-board]").forEach(board));
})();
