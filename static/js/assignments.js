// Keeps the draft of an assignment while one types. Without JavaScript the button does the same.
(() => {
  "use strict";
  const QUIET = 1500;

  function follow(form) {
    const area = form.querySelector("textarea[name=text]");
    const told = form.querySelector("[data-saved]");
    const version = form.querySelector("input[name=version]");
    let timer = null;
    let running = false;
    let kept = area.value;
    const save = () => {
      if (running || area.value === kept) return;
      running = true;
      const sent = area.value;
      const body = new URLSearchParams({ csrf_token: form.querySelector("input[name=csrf_token]").value, text: sent, version: version.value, do: "save" });
      fetch(form.dataset.autosave, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin" })
        .then((answer) => answer.json())
        .then((state) => {
          if (state.error) { told.textContent = state.error; return; }
          kept = sent;
          version.value = state.version;
          told.textContent = told.dataset.template.replace("{at}", state.saved);
          if (area.value === sent) form.removeAttribute("data-dirty");
        })
        .catch(() => {})
        .finally(() => { running = false; if (area.value !== kept) later(); });
    };
    const later = () => { clearTimeout(timer); timer = setTimeout(save, QUIET); };
    area.addEventListener("input", later);
    document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("form[data-autosave]").forEach(follow));
})();
