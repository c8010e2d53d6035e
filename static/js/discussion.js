// Suggests names while one types @; without it a name is simply typed.
(() => {
  "use strict";
  const TOKEN = /(^|[^\w.@-])@([^\s@#，。！？；：、,.!?;:()（）]{0,20})$/;

  function suggest(area) {
    const box = document.createElement("ul");
    box.className = "mention-box";
    box.setAttribute("role", "listbox");
    box.hidden = true;
    area.parentElement.classList.add("mention-anchor");
    area.insertAdjacentElement("afterend", box);
    let asked = 0;

    const close = () => { box.hidden = true; box.replaceChildren(); };
    const take = (item) => {
      const caret = area.selectionStart;
      const before = area.value.slice(0, caret).replace(TOKEN, (_all, lead) => `${lead}@${item.dataset.mention} `);
      area.value = before + area.value.slice(caret);
      area.selectionStart = area.selectionEnd = before.length;
      close();
      area.focus();
    };
    const show = (people) => {
      box.replaceChildren(...people.map((person, index) => {
        const item = document.createElement("li");
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", String(index === 0));
        item.dataset.mention = person.mention;
        item.textContent = person.name;
        item.addEventListener("mousedown", (event) => { event.preventDefault(); take(item); });
        return item;
      }));
      box.hidden = people.length === 0;
    };
    const look = async () => {
      const match = TOKEN.exec(area.value.slice(0, area.selectionStart));
      if (!match) return close();
      const turn = ++asked;
      const answer = await fetch(`${area.dataset.mentions}?q=${encodeURIComponent(match[2])}`, { credentials: "same-origin" }).catch(() => null);
      if (turn === asked && answer && answer.ok) show(await answer.json());
    };
    let timer = 0;
    area.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 150); });
    area.addEventListener("blur", () => setTimeout(close, 100));
    area.addEventListener("keydown", (event) => {
      if (box.hidden) return;
      const items = Array.from(box.children);
      const here = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
      if (event.key === "Escape") close();
      else if (event.key === "Enter" || event.key === "Tab") take(items[here]);
      else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const next = (here + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length;
        items.forEach((item, index) => item.setAttribute("aria-selected", String(index === next)));
      } else return;
      event.preventDefault();
    });
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("textarea[data-mentions]").forEach(suggest));
})();
