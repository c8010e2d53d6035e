// Keeps the draft of an assignment while one types. Without JavaScript the button does the same.
(() => {
  "use strict";
  const QUIET = 1500;
  const PATIENCE = 8000;

  function follow(form) {
    const area = form.querySelector("textarea[name=text]");
    const told = form.querySelector("[data-saved]");
    const version = form.querySelector("input[name=version]");
    let timer = null;
    let running = null;
    let leaving = false;
    let held; // the button that was pressed while a draft was on its way; undefined: none was
    let kept = area.value;
    const save = () => {
      if (leaving || running || area.value === kept) return;
      running = new AbortController();
      const sent = area.value;
      const body = new URLSearchParams({ csrf_token: form.querySelector("input[name=csrf_token]").value, text: sent, version: version.value, do: "save" });
      fetch(form.dataset.autosave, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin", signal: running.signal })
        .then((answer) => answer.json())
        .then((state) => {
          if (state.error) { told.textContent = state.error; return; }
          kept = sent;
          version.value = state.version;
          told.textContent = told.dataset.template.replace("{at}", state.saved);
          if (area.value === sent) form.removeAttribute("data-dirty");
        })
        .catch(() => {})
        .finally(() => {
          running = null;
          if (held !== undefined) send();
          else if (area.value !== kept) later();
        });
    };
    // Browsers of before 2022 know no `requestSubmit`; there a button is pressed.
    const send = () => {
      const button = held;
      held = undefined;
      if (form.requestSubmit) form.requestSubmit(button || undefined);
      else (button || form.querySelector("button[type=submit]")).click();
    };
    const later = () => { clearTimeout(timer); timer = setTimeout(save, QUIET); };
    // What is sent by hand carries the version of the page: a draft that arrives while its files are still on their way would make it
    // somebody else's. So no draft is sent any more, and the form waits for the one that is on its way.
    form.addEventListener("submit", (event) => {
      clearTimeout(timer);
      leaving = true;
      if (!running) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (held === undefined) {
        const draft = running;
        setTimeout(() => draft.abort(), PATIENCE);
      }
      held = event.submitter || null;
    });
    form.addEventListener("unsent", () => {
      leaving = false;
      if (area.value !== kept) later();
    });
    window.addEventListener("pageshow", (shown) => { if (shown.persisted) leaving = false; });
    area.addEventListener("input", later);
    document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("form[data-autosave]").forEach(follow));
})();
