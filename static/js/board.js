// The board of supervisors. A person is brought to a student's place in whichever way suits: dragged with the mouse, or tapped and then the
// place tapped, or the place first and then one of those who fit, or chosen in its list; what speaks against it is told at once.
// Without JavaScript the list and its button do the same, and the server says what was refused.
(() => {
  "use strict";
  const all = (selector, root) => Array.from(root.querySelectorAll(selector));

  function press(element, act) {
    element.setAttribute("role", "button");
    element.tabIndex = 0;
    element.addEventListener("click", act);
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      act(event);
    });
  }

  function board(root) {
    const slots = all("[data-slot]", root), people = all("[data-person]", root), says = root.querySelector("[data-says]");
    const words = root.dataset;
    let picked = null, aimed = null;
    // Without JavaScript it is always there; where the server has just refused somebody, or asked for a reason, it stays.
    slots.forEach((slot) => { slot.querySelector("[data-reason]").hidden = slot.querySelector("select").value === slot.dataset.held && !slot.querySelector("[data-reason]").value; });
    const fit = (slot, person) => slot.dataset.role === person.dataset.role && (slot.dataset.firm || "") === (person.dataset.firm || "");

    function name(slot, text) {
      const place = slot.querySelector("[data-place]");
      place.textContent = text;
      if (place.tabIndex === 0) place.setAttribute("aria-label", `${slot.querySelector("select").getAttribute("aria-label")}，${text}`);
    }

    function told(slot) {
      const select = slot.querySelector("select"), told = slot.querySelector("[data-told]"), reason = slot.querySelector("[data-reason]");
      const chosen = select.selectedOptions[0];
      name(slot, select.value ? chosen.dataset.name : words.nobody);
      slot.classList.toggle("is-changed", select.value !== slot.dataset.held);
      reason.hidden = Boolean(select.value) || !slot.dataset.held; // taking somebody away needs a reason
      if (!select.value) { told.textContent = ""; return; }
      told.textContent = words.check;
      const asked = select.value;
      fetch(`${slot.dataset.checkUrl}&person_id=${encodeURIComponent(asked)}`, { credentials: "same-origin" })
        .then((answer) => answer.ok ? answer.text() : "")
        .then((text) => {
          if (select.value !== asked) return; // somebody else was chosen meanwhile
          told.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
          reason.hidden = !told.querySelector("[data-needs-reason]");
        });
    }

    function show() {
      slots.forEach((slot) => {
        slot.classList.toggle("is-open", picked !== null && fit(slot, picked));
        slot.classList.toggle("is-aimed", slot === aimed);
      });
      people.forEach((person) => {
        person.classList.toggle("is-picked", person === picked);
        person.setAttribute("aria-pressed", String(person === picked));
        person.classList.toggle("is-out", aimed !== null && !fit(aimed, person));
      });
      all("[data-group]", root).forEach((group) => { group.hidden = aimed !== null && !group.querySelector("[data-person]:not(.is-out)"); });
      root.classList.toggle("is-choosing", picked !== null || aimed !== null);
      const whom = picked ? picked.dataset.name : aimed ? aimed.dataset.student : "";
      says.textContent = whom ? (picked ? words.picked : words.aimed).replace("{name}", whom) : words.idle;
    }

    function clear() { picked = aimed = null; show(); }

    function put(slot, person) {
      const select = slot.querySelector("select");
      select.value = person.dataset.person;
      told(slot);
      clear();
      slot.querySelector("button[type=submit]").focus({ preventScroll: true });
      slot.scrollIntoView({ block: "nearest" });
    }

    function tapPerson(person) {
      if (aimed !== null && fit(aimed, person)) return put(aimed, person);
      picked = picked === person ? null : person;
      aimed = null;
      return show();
    }

    function tapPlace(slot) {
      if (picked !== null && fit(slot, picked)) return put(slot, picked);
      aimed = aimed === slot ? null : slot;
      picked = null;
      return show();
    }

    slots.forEach((slot) => {
      const place = slot.querySelector("[data-place]");
      slot.querySelector("select").addEventListener("change", () => told(slot));
      if (slot.querySelector("select").disabled) return;
      press(place, () => tapPlace(slot));
      name(slot, place.textContent);
      slot.addEventListener("dragover", (event) => {
        if (picked === null || !fit(slot, picked)) return;
        event.preventDefault();
        slot.classList.add("is-target");
      });
      slot.addEventListener("dragleave", () => slot.classList.remove("is-target"));
      slot.addEventListener("drop", (event) => {
        event.preventDefault();
        slot.classList.remove("is-target");
        if (picked !== null && fit(slot, picked)) put(slot, picked);
      });
    });
    people.forEach((person) => {
      press(person, () => tapPerson(person));
      person.draggable = true;
      person.addEventListener("dragstart", (event) => {
        event.dataTransfer.setData("text/plain", person.dataset.name);
        event.dataTransfer.effectAllowed = "copy";
        [picked, aimed] = [person, null];
        show();
      });
      person.addEventListener("dragend", clear);
    });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });
    root.classList.add("is-live");
    show();
  }

  // What speaks against a topic for a student is told while both are chosen.
  function checked(told) {
    const form = told.closest("form");
    let latest = 0;
    const ask = () => {
      const number = latest += 1;
      const values = new URLSearchParams(Array.from(new FormData(form)).filter(([name]) => name !== "csrf_token" && name !== "submission_key"));
      fetch(`${told.dataset.checkForm}?${values}`, { credentials: "same-origin" })
        .then((answer) => answer.ok ? answer.text() : "")
        .then((text) => { if (number === latest) told.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes); });
    };
    form.addEventListener("change", ask);
    ask();
  }

  document.addEventListener("DOMContentLoaded", () => {
    all("[data-board]", document).forEach(board);
    all("[data-check-form]", document).forEach(checked);
  });
})();
