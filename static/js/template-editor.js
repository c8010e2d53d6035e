// Drawing up a certificate: elements are chosen on the page, dragged, resized, nudged by the arrow keys, and edited in a panel.
// The layout stays JSON in the form (that is what is saved, and what works without this script); every change is drawn by the
// server as it will be printed.
(() => {
  "use strict";
  const root = document.querySelector("[data-layout-editor]");
  const area = document.querySelector("textarea[name=body]");
  if (!root || !area) return;
  const know = JSON.parse(root.dataset.layoutEditor);
  const stage = root.querySelector("[data-stage]");
  const drawing = root.querySelector("[data-drawing]");
  const panel = root.querySelector("[data-panel]");
  const tools = root.querySelector("[data-tools]");
  const said = root.querySelector("[data-template-error]");
  const token = document.querySelector("input[name=csrf_token]");
  const usual = said.textContent;
  const layer = document.createElement("div");
  layer.className = "layout-layer";
  stage.append(layer);

  let layout = null;
  let chosen = -1;
  let past = [];
  let future = [];
  let turn = 0;
  let timer = 0;

  const round = (value) => Math.round(value * 10) / 10;
  const make = (tag, attributes = {}, ...inside) => {
    const node = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value === true ? "" : value);
    });
    node.append(...inside);
    return node;
  };

  // One element or field on a line, as the server writes it.
  const pretty = (data) => `{\n${Object.entries(data).map(([name, value]) => {
    const rows = Array.isArray(value) && value.length && typeof value[0] === "object";
    return rows ? ` ${JSON.stringify(name)}: [\n${value.map((one) => `  ${JSON.stringify(one)}`).join(",\n")}\n ]` : ` ${JSON.stringify(name)}: ${JSON.stringify(value)}`;
  }).join(",\n")}\n}\n`;

  // -- what an element covers, in millimetres ---------------------------------------------------------------------------

  const extent = (one) => {
    const [pageW, pageH] = layout.page;
    if (one.box) return { x: one.box[0], y: one.box[1], w: one.box[2], h: one.box[3] };
    if (one.kind === "rule") {
      return { x: Math.min(one.x1, one.x2), y: Math.min(one.y1, one.y2) - 1, w: Math.max(2, Math.abs(one.x2 - one.x1)), h: Math.abs(one.y2 - one.y1) + 2 };
    }
    if (one.radius !== undefined) return { x: one.x - one.radius, y: one.y - one.radius, w: one.radius * 2, h: one.radius * 2 };
    if (one.kind === "divider") return { x: one.x - one.width / 2, y: one.y - 2, w: one.width, h: 4 };
    return { x: 0, y: 0, w: pageW, h: pageH };
  };

  const shift = (one, dx, dy) => {
    if (one.box) { one.box[0] = round(one.box[0] + dx); one.box[1] = round(one.box[1] + dy); }
    ["x", "x1", "x2"].forEach((name) => { if (one[name] !== undefined) one[name] = round(one[name] + dx); });
    ["y", "y1", "y2"].forEach((name) => { if (one[name] !== undefined) one[name] = round(one[name] + dy); });
  };

  const grow = (one, dx, dy) => {
    if (one.box) { one.box[2] = Math.max(1, round(one.box[2] + dx)); one.box[3] = Math.max(1, round(one.box[3] + dy)); }
    else if (one.radius !== undefined) one.radius = Math.max(2, round(one.radius + Math.max(dx, dy, Math.min(dx, dy)) / 2));
    else if (one.kind === "rule") { one.x2 = round(one.x2 + dx); one.y2 = round(one.y2 + dy); }
    else if (one.kind === "divider") one.width = Math.max(12, round(one.width + dx));
  };

  // When the page is turned, everything keeps its share of it: what reaches beyond an edge (into the bleed) still does by as much,
  // what is round or a QR code keeps its shape. Turned once more it is as before.
  const stretch = (one, [wide, high], [sx, sy]) => {
    const edge = (at, most, scale) => (at < 0 ? at : at > most ? at - most + most * scale : at * scale);
    if (one.box) {
      const [x, y, w, h] = one.box;
      const [left, top] = [edge(x, wide, sx), edge(y, high, sy)];
      const [right, bottom] = [edge(x + w, wide, sx), edge(y + h, high, sy)];
      const side = w * sx;
      one.box = (one.kind === "qr" ? [left, (top + bottom - side) / 2, side, side] : [left, top, right - left, bottom - top]).map(round);
    }
    ["x", "x1", "x2"].forEach((name) => { if (one[name] !== undefined) one[name] = round(one[name] * sx); });
    ["y", "y1", "y2"].forEach((name) => { if (one[name] !== undefined) one[name] = round(one[name] * sy); });
    if (one.radius !== undefined) one.radius = round(one.radius * sx);
    if (one.kind === "divider") one.width = Math.max(12, round(one.width * sx));
  };

  const called = (one, index) => know.words.at
    .replace("{n}", index + 1)
    .replace("{kind}", know.kinds[one.kind] || one.kind)
    .replace("{what}", one.text || one.label || one.image || "");

  // -- drawing ----------------------------------------------------------------------------------------------------------

  const draw = async () => {
    const mine = (turn += 1);
    const data = new FormData();
    data.set("body", area.value);
    data.set("sample", tools.querySelector("[data-sample]").value);
    if (tools.querySelector("[data-bleed]").checked) data.set("bleed", "1");
    if (token) data.set("csrf_token", token.value);
    try {
      const answer = await fetch(root.dataset.preview, { method: "POST", body: data, credentials: "same-origin" });
      const text = await answer.text();
      if (mine !== turn) return;
      if (answer.ok) {
        drawing.replaceChildren(document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true));
        said.textContent = usual;
        place();
      } else if (answer.status === 422) said.textContent = text;
    } catch { /* away from the network: the last preview stays */ }
  };
  const soon = (wait) => { clearTimeout(timer); timer = setTimeout(draw, wait); };

  const place = () => {
    if (!layout) { layer.replaceChildren(); return; }
    const bleed = tools.querySelector("[data-bleed]").checked ? 3 : 0;
    const [w, h] = [layout.page[0] + 2 * bleed, layout.page[1] + 2 * bleed];
    if (layer.children.length !== layout.elements.length) {
      layer.replaceChildren(...layout.elements.map((_one, index) => make("button", {
        type: "button", class: "layout-element", "data-index": index,
        onpointerdown: (event) => press(event, index),
        onkeydown: (event) => key(event, index),
        onclick: () => choose(index),
      }, make("span", { class: "layout-handle", "data-handle": true, "aria-hidden": "true" }))));
    }
    layout.elements.forEach((one, index) => {
      const node = layer.children[index];
      const at = extent(one);
      node.dataset.index = index;
      node.style.left = `${((at.x + bleed) / w) * 100}%`;
      node.style.top = `${((at.y + bleed) / h) * 100}%`;
      node.style.width = `${(at.w / w) * 100}%`;
      node.style.height = `${(at.h / h) * 100}%`;
      node.style.zIndex = index === chosen ? 900 : Math.max(1, 800 - Math.round(at.w * at.h / 100));
      node.classList.toggle("is-chosen", index === chosen);
      node.setAttribute("aria-pressed", index === chosen);
      node.setAttribute("aria-label", called(one, index));
      node.title = called(one, index);
    });
  };

  // -- changing ---------------------------------------------------------------------------------------------------------

  const read = () => {
    try {
      layout = JSON.parse(area.value);
      if (!Array.isArray(layout.elements) || !Array.isArray(layout.page)) throw new Error("elements, page");
      return true;
    } catch (bad) {
      layout = null;
      said.textContent = know.words.broken.replace("{what}", bad.message);
      return false;
    }
  };

  const buttons = () => {
    tools.querySelector("[data-undo]").disabled = !past.length;
    tools.querySelector("[data-redo]").disabled = !future.length;
  };

  const write = (wait = 350) => {
    past.push(area.value);
    past = past.slice(-100);
    future = [];
    area.value = pretty(layout);
    area.dispatchEvent(new Event("change", { bubbles: true }));
    buttons();
    place();
    soon(wait);
  };

  const go = (from, to) => {
    if (!from.length) return;
    to.push(area.value);
    area.value = from.pop();
    if (read()) { chosen = Math.min(chosen, layout.elements.length - 1); place(); show(); }
    buttons();
    soon(50);
  };

  const choose = (index) => {
    if (chosen === index) return;
    chosen = index;
    place();
    show();
  };

  const add = (one) => {
    layout.elements.push(one);
    chosen = layout.elements.length - 1;
    write();
    show();
    layer.children[chosen].focus();
  };

  const remove = () => {
    if (chosen < 0) return;
    layout.elements.splice(chosen, 1);
    chosen = -1;
    write();
    show();
  };

  const press = (event, index) => {
    if (event.button !== 0) return;
    const handle = event.target.closest("[data-handle]");
    choose(index);
    const node = layer.children[index];
    const one = layout.elements[index];
    const before = JSON.stringify(one);
    const bleed = tools.querySelector("[data-bleed]").checked ? 6 : 0;
    const scale = (layout.page[0] + bleed) / layer.clientWidth;
    const start = { x: event.clientX, y: event.clientY };
    node.setPointerCapture(event.pointerId);
    const move = (now) => {
      Object.assign(one, JSON.parse(before));
      const [dx, dy] = [(now.clientX - start.x) * scale, (now.clientY - start.y) * scale];
      if (handle) grow(one, dx, dy); else shift(one, dx, dy);
      place();
    };
    const end = (last) => {
      if (last.type === "pointercancel") { Object.assign(one, JSON.parse(before)); place(); }  // the finger scrolled the page
      node.removeEventListener("pointermove", move);
      node.removeEventListener("pointerup", end);
      node.removeEventListener("pointercancel", end);
      if (JSON.stringify(one) !== before) { write(0); show(); }
    };
    node.addEventListener("pointermove", move);
    node.addEventListener("pointerup", end);
    node.addEventListener("pointercancel", end);
  };

  const key = (event, index) => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") { choose(index); event.preventDefault(); remove(); return; }
    if (!steps) return;
    event.preventDefault();
    choose(index);
    const size = event.ctrlKey ? 0.1 : 0.5;
    (event.shiftKey ? grow : shift)(layout.elements[index], steps[0] * size, steps[1] * size);
    write();
    show();
  };

  // -- the panel --------------------------------------------------------------------------------------------------------

  const option = (value, label, current) => make("option", { value, selected: value === current }, label);

  const control = (one, property, id) => {
    const value = one[property.name] !== undefined ? one[property.name] : property.default;
    const set = (next) => {
      if (next === property.default || next === "") delete one[property.name]; else one[property.name] = next;
      write();
    };
    if (property.type === "box") {
      return make("div", { class: "layout-box" }, ...value.map((part, place) => make("input", {
        class: "form-control", type: "number", step: "0.1", value: part, "aria-label": `${know.properties.box} ${place + 1}`, id: place ? null : id,
        onchange: (event) => { one.box[place] = round(Number(event.target.value)); write(); },
      })));
    }
    const lists = {
      choice: () => property.choices.map((choice) => option(choice, know.choices[choice] || choice, value)),
      image: () => [option("", know.words.none, value), ...know.images.map((name) => option(name, name, value))],
      field: () => [option("", know.words.none, value), ...Object.entries(know.fields).map(([name, label]) => option(name, label, value))],
    };
    if (lists[property.type]) {
      return make("select", { class: "form-select", id, onchange: (event) => (property.name === "image" && one.kind === "image" ? (one.image = event.target.value, write()) : set(event.target.value)) }, ...lists[property.type]());
    }
    if (property.type === "number") {
      return make("input", { class: "form-control", type: "number", step: "any", id, value: value ?? "", onchange: (event) => { if (event.target.value !== "") set(Number(event.target.value)); } });
    }
    if (property.type === "color") return make("input", { class: "form-control form-control-color", type: "color", id, value: value || "#000000", oninput: (event) => set(event.target.value) });
    const text = make("textarea", { class: "form-control", rows: 2, id, oninput: (event) => { one[property.name] = event.target.value; write(500); } });
    text.value = value ?? "";
    return text;
  };

  const act = (label, does, kind = "secondary") => make("button", { type: "button", class: `btn btn-${kind} btn-sm`, onclick: does }, label);

  const swap = (step) => {
    const to = chosen + step;
    if (to < 0 || to >= layout.elements.length) return;
    [layout.elements[chosen], layout.elements[to]] = [layout.elements[to], layout.elements[chosen]];
    chosen = to;
    write();
    show();
  };

  function show() {
    if (!layout || chosen < 0 || !layout.elements[chosen]) {
      const list = layout ? layout.elements.map((one, index) => make("li", {}, make("button", { type: "button", class: "btn btn-link btn-sm", onclick: () => choose(index) }, called(one, index)))) : [];
      panel.replaceChildren(make("h2", {}, know.words.page), make("p", { class: "faint" }, know.words.nothing), make("ol", { class: "layout-list" }, ...list));
      return;
    }
    const one = layout.elements[chosen];
    const parts = (know.elements[one.kind] || { properties: [] }).properties.map((property) => {
      const id = `layout-${property.name}`;
      return make("div", { class: "layout-property" }, make("label", { for: id }, know.properties[property.name] || property.name), control(one, property, id));
    });
    panel.replaceChildren(
      make("h2", {}, know.kinds[one.kind] || one.kind),
      ...parts,
      make("div", { class: "layout-acts" },
        act(know.words.copy, () => { const twin = JSON.parse(JSON.stringify(one)); shift(twin, 4, 4); add(twin); }),
        act(know.words.up, () => swap(1)),
        act(know.words.down, () => swap(-1)),
        act(know.words.remove, remove, "outline-danger"),
        act(know.words.page, () => { chosen = -1; place(); show(); }, "link")),
    );
  }

  // -- the tools --------------------------------------------------------------------------------------------------------

  tools.querySelector("[data-add]").addEventListener("change", (event) => {
    const kind = event.target.value;
    event.target.value = "";
    if (!layout || !know.elements[kind]) return;
    const one = JSON.parse(JSON.stringify(know.elements[kind].start));
    if (kind === "image") { if (!know.images.length) return; one.image = know.images[0]; }
    add(one);
  });
  tools.querySelector("[data-add-field]").addEventListener("change", (event) => {
    const name = event.target.value;
    event.target.value = "";
    if (!layout || !name) return;
    const one = chosen >= 0 ? layout.elements[chosen] : null;
    if (one && one.kind === "text") { one.text = `${one.text}{${name}}`; write(); show(); } else add({ kind: "text", text: `{${name}}`, box: [20, 20, 80, 8] });
  });
  tools.querySelector("[data-sample]").addEventListener("change", draw);
  tools.querySelector("[data-bleed]").addEventListener("change", () => { place(); draw(); });
  tools.querySelector("[data-turn]").addEventListener("click", () => {
    if (!layout) return;
    const [wide, high] = layout.page;
    layout.elements.forEach((one) => stretch(one, [wide, high], [high / wide, wide / high]));
    layout.page.reverse();
    write(0);
    show();
  });
  tools.querySelector("[data-undo]").addEventListener("click", () => go(past, future));
  tools.querySelector("[data-redo]").addEventListener("click", () => go(future, past));
  area.addEventListener("input", () => { if (read()) { place(); show(); } soon(500); });
  stage.addEventListener("pointerdown", (event) => { if (!event.target.closest(".layout-element")) { chosen = -1; place(); show(); } });

  tools.hidden = false;
  panel.hidden = false;
  if (read()) { place(); show(); }
})();
