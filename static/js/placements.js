// Logging days on a phone: a draft that survives a lost network, and the check of the place for those who agree to it.
(() => {
  "use strict";
  const read = (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch (_error) { return null; } };
  const write = (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch (_error) { /* private mode */ } };
  const drop = (key) => { try { localStorage.removeItem(key); } catch (_error) { /* private mode */ } };
  const SKIPPED = new Set(["csrf_token", "submission_key", "version", "latitude", "longitude", "place_agreed"]);

  document.querySelectorAll("form[data-draft], [data-draft] form").forEach((form) => {
    const words = form.closest("[data-draft]").dataset;
    const key = `trainhub-draft-${words.draft}`;
    const controls = () => Array.from(form.elements).filter((one) => one.name && one.type !== "hidden" && one.type !== "file" && !SKIPPED.has(one.name));
    const values = () => Object.fromEntries(controls().map((one) => [one.id || one.name, one.type === "checkbox" || one.type === "radio" ? one.checked : one.value]));
    const say = (text) => {
      let box = form.querySelector("[data-draft-says]");
      if (!box) {
        box = document.createElement("p");
        box.className = "notice notice-wait";
        box.setAttribute("role", "status");
        box.dataset.draftSays = "";
        form.prepend(box);
      }
      box.textContent = text;
    };
    // A draft keeps what was typed and what the page had shown. Where the server says something else by now, that stays: what was
    // typed is told beside the form, and never put over what was saved on another device or decided meanwhile.
    const base = values();
    const served = JSON.stringify(base);
    const draft = () => ({ values: values(), base });
    const kept = read(key);
    let restored = false;
    const unsaved = [];
    controls().forEach((one) => {
      const name = one.id || one.name;
      const value = kept?.values?.[name];
      const shown = kept?.base?.[name];
      if (value === undefined || value === shown || value === base[name]) return;
      if (shown !== base[name]) {
        unsaved.push(typeof value === "string" ? value : (one.labels?.[0]?.textContent.trim() || name));
      } else {
        if (typeof value === "boolean") one.checked = value;
        else one.value = value;
        restored = true;
      }
    });
    if (unsaved.length) say(`${words.changed} ${unsaved.join(" · ")}`);
    else if (restored) say(words.restored);
    else drop(key);
    const keep = () => {
      if (JSON.stringify(values()) === served) drop(key);
      else write(key, draft());
    };
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);

    // Before sending, ask whether the server can be reached; without it the draft waits here and is sent when the network is back.
    let checked = false;
    let waiting; // the button that was pressed; null: none, as with Enter
    // Browsers of before 2022 know neither `AbortSignal.timeout` nor `requestSubmit` nor `submitter`: the form has to be sent there too.
    const reachable = () => {
      const limit = new AbortController();
      const clock = setTimeout(() => limit.abort(), 6000);
      return fetch("/healthz", { method: "GET", cache: "no-store", signal: limit.signal }).then((answer) => answer.ok).catch(() => false).finally(() => clearTimeout(clock));
    };
    // Without `requestSubmit` a button is pressed: `form.submit()` sends no event, and the page would ask whether it may be left.
    const send = (button) => {
      if (form.requestSubmit) form.requestSubmit(button || undefined);
      else (button || Array.from(form.elements).find((one) => one.type === "submit")).click();
    };
    form.addEventListener("submit", (event) => {
      if (checked) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      write(key, draft());
      const button = event.submitter;
      reachable().then((ok) => {
        if (!ok) {
          waiting = button ?? null;
          say(words.offline);
          return;
        }
        checked = true;
        send(button);
      });
    }, true);
    // Back to a page that was sent: the network is asked anew. The first showing comes after `load`: what was pressed before it still waits.
    window.addEventListener("pageshow", (shown) => { if (shown.persisted) { checked = false; waiting = undefined; } });
    window.addEventListener("online", () => {
      if (waiting !== undefined) send(waiting);
    });
  });

  document.querySelectorAll("[data-place]").forEach((box) => {
    const form = box.form;
    const said = form.querySelector(`output[for="${box.id}"]`);
    if (!navigator.geolocation) { box.closest(".choice").hidden = true; return; }
    box.addEventListener("change", () => {
      form.elements.latitude.value = form.elements.longitude.value = "";
      said.textContent = box.checked ? box.dataset.wait : "";
      if (!box.checked) return;
      navigator.geolocation.getCurrentPosition((found) => {
        form.elements.latitude.value = String(found.coords.latitude);
        form.elements.longitude.value = String(found.coords.longitude);
        said.textContent = box.dataset.got;
      }, () => {
        box.checked = false;
        said.textContent = box.dataset.failed;
      }, { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 });
    });
  });
})();
