// Small comforts on top of pages that work without JavaScript. No texts here: the templates bring them as data attributes.
(() => {
  "use strict";
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // Menus and confirmations close on Escape and on a click elsewhere.
  const POPUPS = "details[data-menu], details.confirm";
  document.addEventListener("click", (event) => {
    all(`${POPUPS.replaceAll(",", "[open],")}[open]`).forEach((box) => {
      if (!box.contains(event.target) || event.target === box || event.target.closest("[data-close]")) box.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    all(`${POPUPS.replaceAll(",", "[open],")}[open]`).forEach((box) => {
      box.open = false;
      box.querySelector("summary").focus();
    });
  });

  // A menu that the keyboard has left does not stay over the page.
  document.addEventListener("focusin", (event) => {
    all("details[data-menu][open]").forEach((box) => { if (!box.contains(event.target)) box.open = false; });
  });

  // A form is sent once; a second press within the same visit does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    if (form.hasAttribute("data-warn-unsaved")) form.dataset.warned = "yes";
    form.removeAttribute("data-warn-unsaved");
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  });
  const unsent = () => all("form[data-sent]").map((form) => {
    delete form.dataset.sent;
    all("[aria-busy]", form).forEach((button) => button.removeAttribute("aria-busy"));
    return form;
  });
  window.addEventListener("pageshow", unsent);
  // Who stops a slow upload stays on the page and goes on: the form is as before the press, and scripts that kept drafts hear of it.
  const stopped = () => unsent().forEach((form) => {
    if (form.dataset.warned) form.setAttribute("data-warn-unsaved", "");
    form.dispatchEvent(new Event("unsent"));
  });
  if (window.navigation) window.navigation.addEventListener("navigateerror", stopped);
  else document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !event.isComposing) stopped(); });

  // Leaving with unsaved input asks first.
  document.addEventListener("input", (event) => {
    const form = event.target.closest && event.target.closest("form[data-warn-unsaved]");
    if (form) form.dataset.dirty = "yes";
  });
  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-warn-unsaved][data-dirty]:not([data-sent])")) event.preventDefault();
  });

  document.addEventListener("change", (event) => {
    const control = event.target;
    if (control.matches("[data-check-all]")) {
      all(`input[type="checkbox"][name="${CSS.escape(control.dataset.checkAll)}"]`).forEach((box) => {
        if (!box.disabled) box.checked = control.checked;
      });
    }
  });

  document.addEventListener("click", async (event) => {
    const printer = event.target.closest("[data-print]");
    if (printer) window.print();

    const copier = event.target.closest("[data-copy]");
    if (copier && navigator.clipboard) {
      await navigator.clipboard.writeText(copier.dataset.copy);
      const label = copier.querySelector("span") || copier;
      const before = label.textContent;
      label.textContent = copier.dataset.copied;
      setTimeout(() => { label.textContent = before; }, 2000);
    }

    // A whole row leads where its data-href says; links, controls and marked text keep their own meaning.
    const row = event.target.closest("tr[data-href]");
    if (row && !event.target.closest("a, button, input, select, textarea, label, summary") && !String(window.getSelection())) {
      if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
      else window.location.assign(row.dataset.href);
    }
  });

  function countLeft(area) {
    const out = document.getElementById(area.dataset.count);
    if (out && area.maxLength > 0) out.textContent = out.dataset.left.replace("{n}", String(area.maxLength - area.value.length));
  }

  function size(bytes) {
    return bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
  }

  function dropzone(zone) {
    const input = zone.querySelector('input[type="file"]');
    const out = zone.querySelector("output");
    if (!input || !out) return;
    const limit = Number(zone.dataset.maxBytes) || 0;
    const show = () => {
      const files = Array.from(input.files);
      const large = limit > 0 && files.some((file) => file.size > limit);
      out.classList.toggle("is-bad", large);
      out.textContent = large ? zone.dataset.tooLarge : files.map((file) => `${file.name} (${size(file.size)})`).join(" · ");
      input.setCustomValidity(large ? zone.dataset.tooLarge : "");
    };
    input.addEventListener("change", show);
    // Most forms leave their checks to the server: hundreds of megabytes would travel only to be refused, with all that was typed beside them.
    if (input.form) input.form.addEventListener("submit", (event) => {
      if (!input.validity.customError) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      out.scrollIntoView({ block: "center" });
    });
    ["dragenter", "dragover"].forEach((name) => zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("is-over"); }));
    ["dragleave", "drop"].forEach((name) => zone.addEventListener(name, () => zone.classList.remove("is-over")));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) {
        input.files = event.dataTransfer.files;
        show();
      }
    });
  }

  // Everything that must be prepared once, also in parts that htmx brings later.
  const heights = (media) => {
    const given = all("source[size]", media).map((source) => Number(source.getAttribute("size")));
    return [...new Set(given.filter(Boolean))].sort((a, b) => b - a);
  };

  function prepare(root) {
    all("[data-print], [data-copy], [data-close]", root).forEach((button) => { button.hidden = button.matches("[data-copy]") && !navigator.clipboard; });
    all("[data-count]", root).forEach((area) => {
      countLeft(area);
      area.addEventListener("input", () => countLeft(area));
    });
    all("[data-dropzone]", root).forEach(dropzone);
    if (window.TomSelect) {
      all("select[data-search]", root).forEach((select) => {
        if (select.tomselect) return;
        const none = select.dataset.none || "";
        // the field that is shown takes over the label; the select behind it is nothing to read aloud
        select.setAttribute("aria-hidden", "true");
        new window.TomSelect(select, {
          maxOptions: 500,
          plugins: select.multiple ? ["remove_button"] : [],
          render: { no_results: (_data, escape) => `<div class="no-results">${escape(none)}</div>` },
        });
      });
    }
    // <ol data-sortable> whose items hold a hidden input each: the order of the inputs is the order sent.
    if (window.Sortable) all("[data-sortable]", root).forEach((list) => window.Sortable.create(list, { handle: "[data-handle]", animation: 120 }));
    if (window.Plyr) {
      all("video[data-player], audio[data-player]", root).forEach((media) => new window.Plyr(media, {
        iconUrl: media.dataset.icons,
        blankVideo: "",
        storage: { enabled: false },
        // No faster than the server believes (MAX_SPEED of courses.learning.rules); every height there is, also an unusual one.
        speed: { selected: 1, options: [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] },
        quality: { options: heights(media) },
        i18n: JSON.parse(media.dataset.labels || "{}"),
      }));
    }
    if (window.renderMathInElement) {
      // The server has set the formulas already; KaTeX sets them anew from their source.
      all("[data-math]", root).forEach((part) => {
        part.querySelectorAll("math[data-tex]").forEach((made) => made.replaceWith(made.dataset.tex));
        part.normalize();
        window.renderMathInElement(part, {
          delimiters: [{ left: "$$", right: "$$", display: true }, { left: "\\(", right: "\\)", display: false }, { left: "\\[", right: "\\]", display: true }],
          throwOnError: false,
        });
      });
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    prepare(document);
    const summary = document.querySelector("[data-error-summary]");
    if (summary) summary.focus();
  });
  document.addEventListener("htmx:load", (event) => { if (event.target !== document.body) prepare(event.target); });
})();
