// A quiz keeps what is written: answers that changed are sent a moment later; without a network they wait in this browser and are
// sent when it returns. Without JavaScript the page has a button for each of these things.
(() => {
  "use strict";
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // -- ordering: selects become a list that is dragged or moved by buttons ----------------------------------------------
  function ordering(list) {
    const rows = all("li", list);
    const place = (row) => Number(row.querySelector("select").value) || 0;
    if (rows.every(place)) rows.sort((a, b) => place(a) - place(b)).forEach((row) => list.append(row));
    list.classList.add("is-live");
    const number = (touched) => all("li", list).forEach((row, n) => {
      if (touched) row.querySelector("select").value = String(n + 1);
      row.querySelector(".order-no").textContent = String(n + 1);
    });
    const changed = () => {
      number(true);
      list.querySelector("select").dispatchEvent(new Event("change", { bubbles: true }));
    };
    rows.forEach((row) => {
      row.querySelector("select").hidden = true;
      const no = document.createElement("span");
      no.className = "order-no";
      row.prepend(no);
      const move = document.createElement("span");
      move.className = "order-move";
      [["up", -1, "↑"], ["down", 1, "↓"]].forEach(([name, step, sign]) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn btn-secondary btn-sm";
        button.textContent = sign;
        button.setAttribute("aria-label", `${list.dataset[name]} ${row.textContent.trim()}`);
        button.addEventListener("click", () => {
          const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
          if (!other) return;
          if (step < 0) other.before(row); else other.after(row);
          changed();
          button.focus();
        });
        move.append(button);
      });
      row.append(move);
    });
    number(false);
    if (window.Sortable) window.Sortable.create(list, { animation: 120, filter: "button", preventOnFilter: false, onEnd: changed });
  }

  // -- the clock ----------------------------------------------------------------------------------------------------------
  function countdown(form, words, due, over) {
    const clock = form.querySelector("[data-timer]");
    const tick = () => {
      const left = Math.round((due() - Date.now()) / 1000);
      if (left <= 0) {
        clock.textContent = words.over;
        over();
        return;
      }
      const two = (n) => String(n).padStart(2, "0");
      clock.textContent = words.left.replace("{t}", `${left >= 3600 ? `${Math.floor(left / 3600)}:` : ""}${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`);
      clock.closest(".quiz-time").classList.toggle("is-short", left <= 60);
      setTimeout(tick, 1000);
    };
    if (due() && clock) tick();
  }

  // A trial keeps nothing: only its time runs, and ends it as it ends an attempt.
  function trial(form) {
    const due = Date.now() + Number(form.dataset.left) * 1000;
    countdown(form, JSON.parse(form.dataset.words), () => due, () => form.querySelector('button[name="do"][value="submit"]').click());
  }

  // -- saving -------------------------------------------------------------------------------------------------------------
  function quiz(form) {
    const words = JSON.parse(form.dataset.words);
    const state = form.querySelector("[data-state]");
    const store = `quiz-${form.dataset.quiz}`;
    const dirty = new Set();
    let timer = 0;
    let sending = false;
    let leaving = false;

    const say = (text, bad = false) => {
      state.textContent = text;
      state.classList.toggle("is-bad", bad);
    };
    const number = (control) => {
      const card = control.closest("[data-question]");
      return card ? card.dataset.question : "";
    };
    const fields = (numbers) => {
      const body = new URLSearchParams();
      ["csrf_token", "token", "at"].forEach((name) => body.append(name, form.elements[name].value));
      new FormData(form).forEach((value, name) => {
        const found = name.match(/^q(\d+)(-|$)/);
        if (found && numbers.has(found[1]) && typeof value === "string") body.append(name, value);
      });
      return body;
    };
    const keep = () => {
      try {
        if (dirty.size) localStorage.setItem(store, fields(dirty).toString());
        else localStorage.removeItem(store);
      } catch (_error) { /* private mode: nothing to keep it in */ }
    };
    const mark = (bases) => Object.entries(bases).forEach(([no, base]) => {
      const field = form.elements[`q${no}-base`];
      if (field) field.value = base;
    });
    const answered = () => all("[data-question]", form).forEach((card) => {
      const link = form.querySelector(`[data-no="${card.dataset.question}"]`);
      if (!link) return;
      const controls = all("input, select, textarea", card).filter((one) => one.type !== "hidden" && one.type !== "file");
      const has = controls.some((one) => (one.type === "radio" || one.type === "checkbox" ? one.checked : one.value.trim() !== ""));
      link.classList.toggle("is-done", has || card.querySelector(".file-row") !== null);
    });

    const send = (body, numbers) => fetch(form.dataset.save, { method: "POST", body, credentials: "same-origin", headers: { Accept: "application/json" } })
      .then(async (answer) => {
        const said = await answer.json().catch(() => null);
        if (said && said.problem) {
          numbers.forEach((no) => dirty.delete(no));
          keep();
          say(said.problem, true);
          return false;
        }
        if (!answer.ok || !said) throw new Error(String(answer.status));
        mark(said.bases);
        if (said.left !== null && said.left !== undefined) due = Date.now() + said.left * 1000;
        say(words.saved.replace("{t}", said.saved));
        return true;
      });

    const save = () => {
      if (sending || !dirty.size) return;
      sending = true;
      const numbers = new Set(dirty);
      dirty.clear();
      say(words.saving);
      send(fields(numbers), numbers).then(() => keep()).catch(() => {
        numbers.forEach((no) => dirty.add(no));
        keep();
        say(words.offline.replace("{n}", String(dirty.size)), true);
        later(5000);
      }).finally(() => {
        sending = false;
        if (dirty.size && !timer) later(800);
      });
    };
    const later = (wait) => {
      clearTimeout(timer);
      timer = setTimeout(() => { timer = 0; save(); }, wait);
    };
    const changed = (event, wait) => {
      const no = number(event.target);
      if (!no || event.target.type === "file") return;
      dirty.add(no);
      keep();
      answered();
      if (!state.classList.contains("is-bad")) say(words.waiting);
      later(wait);
    };
    form.addEventListener("input", (event) => changed(event, 1500));
    form.addEventListener("change", (event) => changed(event, 300));
    window.addEventListener("online", save);
    form.addEventListener("submit", () => {
      leaving = true;
      clearTimeout(timer);
      try { localStorage.removeItem(store); } catch (_error) { /* as above */ }
    });
    form.addEventListener("unsent", () => {
      leaving = false;
      keep();
      if (dirty.size) later(800);
    });
    window.addEventListener("pagehide", () => {
      if (!leaving && dirty.size) fetch(form.dataset.save, { method: "POST", body: fields(dirty), keepalive: true, credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => {});
    });

    // What waited in this browser when it was closed without a network.
    let kept = null;
    try { kept = localStorage.getItem(store); } catch (_error) { /* as above */ }
    if (kept) {
      const body = new URLSearchParams(kept);
      body.set("csrf_token", form.elements.csrf_token.value);
      body.set("token", form.elements.token.value);
      send(body, new Set()).then((ok) => {
        try { localStorage.removeItem(store); } catch (_error) { /* as above */ }
        if (ok) window.location.reload();
      }).catch(() => say(words.offline.replace("{n}", "1"), true));
    }

    let due = form.dataset.left ? Date.now() + Number(form.dataset.left) * 1000 : 0;
    countdown(form, words, () => due, () => {
      leaving = true;
      form.action = form.dataset.submit;
      // A file that was never uploaded is no answer; one that is too large would hold the form back.
      all('input[type="file"]', form).forEach((input) => {
        input.value = "";
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
      form.requestSubmit ? form.requestSubmit() : form.submit();
    });

    // -- leaving the page, where the rules say that it is noted -----------------------------------------------------------
    if (form.dataset.events) {
      let away = false;
      const note = (kind) => {
        if (leaving) return;
        const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, kind });
        fetch(form.dataset.events, { method: "POST", body, keepalive: true, credentials: "same-origin" }).catch(() => {});
      };
      const look = () => {
        const now = document.hidden || !document.hasFocus();
        if (now !== away) {
          away = now;
          note(away ? "left" : "back");
        }
      };
      document.addEventListener("visibilitychange", look);
      window.addEventListener("blur", () => setTimeout(look, 200));
      window.addEventListener("focus", look);
    }

    const rest = form.querySelector("[data-unanswered]");
    if (rest) {
      form.querySelector("details.confirm").addEventListener("toggle", () => {
        const open = all("[data-no]", form).filter((link) => !link.classList.contains("is-done")).length;
        if (all("[data-no]", form).length) rest.textContent = open ? rest.dataset.unanswered.replace("{n}", String(open)) : "";
      });
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    all("[data-ordering]").forEach(ordering);
    all("form[data-quiz]").forEach(quiz);
    all("form[data-trial]").forEach(trial);
  });
})();
