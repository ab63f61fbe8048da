// The panel of values: groups that fold, a search, and a control for each kind of value.

import { el, name, shown } from "./dom.js";
import { KINDS } from "./fields.js";

const MOST_FOUND = 60;
const OPEN = "microscope.beam"; // so that there are sliders to move from the beginning

export class Panel {
  constructor(groups, tuned) {
    this.groups = groups;
    this.tuned = tuned;
    this.root = document.getElementById("groups");
    this.updates = new Set();
    this.onlyChanged = false;
    this.search = document.getElementById("search");
    this.search.addEventListener("input", () => this.#list());
    const only = document.getElementById("changed-only");
    only.addEventListener("click", () => {
      this.onlyChanged = !this.onlyChanged;
      only.setAttribute("aria-pressed", String(this.onlyChanged));
      this.#list();
    });
    document.getElementById("reset-all").addEventListener("click", () => tuned.resetAll());
    tuned.addEventListener("change", () => this.#update());
    tuned.addEventListener("refused", (event) => this.#refused(event.detail));
    this.#list();
    this.#update();
  }

  #update() {
    document.getElementById("changed-count").textContent = String(this.tuned.count);
    document.getElementById("reset-all").disabled = this.tuned.count === 0;
    if (this.onlyChanged && !this.search.value) {
      const keep = document.activeElement?.closest(".control")?.dataset.path;
      if (!keep) this.#list();
    }
    for (const update of this.updates) update();
  }

  #refused({ path, sentence }) {
    this.refused = sentence ? { path, sentence } : null;
    for (const update of this.updates) update();
  }

  /** Show what is searched for, what was changed, or all groups. */
  #list() {
    this.updates.clear();
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length && !this.onlyChanged) {
      this.root.replaceChildren(...this.groups.map((group, k) => this.#group(group, 0, k === 0)));
      return;
    }
    const found = [];
    const walk = (groups, trail) => {
      for (const group of groups) {
        const here = [...trail, group.label];
        if (group.optional && this.#matches(words, [...here, group.path], group.path)) found.push([group, trail, true]);
        for (const control of group.controls) {
          const text = [...here, control.label, control.path, control.help];
          if (this.#matches(words, text, control.path)) found.push([control, here, false]);
        }
        walk(group.groups, here);
      }
    };
    walk(this.groups, []);
    const rank = ([item]) => {
      const has = (text) => words.every((word) => text.toLowerCase().includes(word));
      return has(item.label) ? 0 : has(item.path) ? 1 : 2;
    };
    found.sort((one, other) => rank(one) - rank(other));
    const rows = found.slice(0, MOST_FOUND).map(([item, trail, isBlock]) => {
      const row = isBlock ? this.#switchRow(item) : this.#control(item);
      return el("div", { class: "found" }, el("p", { class: "trail", text: trail.join(" › ") }), row);
    });
    const none = this.onlyChanged && !words.length ? "Nothing was changed yet." : "No value is called like this.";
    if (!rows.length) rows.push(el("p", { class: "nothing", text: none }));
    if (found.length > MOST_FOUND) {
      rows.push(el("p", { class: "nothing", text: `${found.length - MOST_FOUND} more: write more of the name.` }));
    }
    this.root.replaceChildren(...rows);
  }

  #matches(words, texts, path) {
    if (this.onlyChanged && !this.tuned.isChanged(path)) return false;
    const text = texts.join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  }

  #group(group, depth, open) {
    const badge = el("span", { class: "badge" });
    const title = el("span", { class: "group-title", text: group.label });
    const summary = el("summary", {}, title, badge);
    const body = el("div", { class: "group-body" });
    const details = el("details", { class: `group depth-${depth}`, open }, summary, body);
    details.dataset.path = group.path;
    let filled = false;
    const fill = () => {
      if (filled || !details.open) return;
      filled = true;
      if (group.help) {
        const about = el("details", { class: "about" }, el("summary", { text: "About" }), el("p", { text: group.help }));
        body.append(about);
      }
      if (group.optional) body.append(this.#switchRow(group));
      const inner = el("div", { class: "group-values" });
      inner.append(...group.controls.map((control) => this.#control(control)));
      inner.append(...group.groups.map((child) => this.#group(child, depth + 1, child.path === OPEN)));
      body.append(inner);
      const hide = () => (inner.hidden = !this.tuned.isOn(group));
      this.updates.add(hide);
      hide();
    };
    details.addEventListener("toggle", fill);
    const update = () => {
      const count = group.path
        ? this.tuned.countBelow(group.path)
        : group.controls.filter((control) => this.tuned.isChanged(control.path)).length;
      badge.textContent = count ? String(count) : "";
      badge.hidden = !count;
      if (count) badge.setAttribute("aria-label", `${count} changed`);
      title.classList.toggle("off", !this.tuned.isOn(group));
    };
    this.updates.add(update);
    update();
    if (open) fill();
    return details;
  }

  #switchRow(group) {
    const id = name("switch");
    const box = el("input", { type: "checkbox", id });
    box.addEventListener("change", () => this.tuned.set(group.path, box.checked ? group.template : null));
    const error = el("p", { class: "refused", role: "alert", hidden: true });
    const row = el("div", { class: "control switch-row" }, box, el("label", { for: id, text: `This tissue has ${group.label}` }), error);
    if (group.path.startsWith("microscope")) row.querySelector("label").textContent = `Show ${group.label}`;
    const update = () => {
      box.checked = this.tuned.isOn(group);
      row.classList.toggle("changed", this.tuned.isChanged(group.path));
      this.#error(error, group.path);
    };
    this.updates.add(update);
    update();
    return row;
  }

  #error(node, path) {
    const said = this.refused?.path === path ? this.refused.sentence : "";
    if (node.textContent !== said) node.textContent = said;
    node.hidden = !said;
  }

  /** A row: label, unit, reset and help, and below it the fields of its kind. */
  #control(control) {
    const { path, unit, help } = control;
    const labelId = name("label");
    const helpId = name("help");
    const label = el("span", { class: "label", id: labelId, text: control.label });
    const reset = el("button", { type: "button", class: "quiet", title: "Reset to the saved value", text: "reset" });
    reset.setAttribute("aria-label", `Reset ${control.label}`);
    reset.addEventListener("click", () => this.tuned.reset(path));
    const about = el("p", { class: "help", id: helpId, hidden: true, text: this.#helpText(control) });
    const ask = el("button", { type: "button", class: "quiet ask", "aria-expanded": "false", "aria-controls": helpId, text: "?" });
    ask.setAttribute("aria-label", `What is ${control.label}?`);
    ask.addEventListener("click", () => {
      about.hidden = !about.hidden;
      ask.setAttribute("aria-expanded", String(!about.hidden));
    });
    const head = el("div", { class: "control-head" }, label, unit ? el("span", { class: "unit", text: unit }) : null, reset, ask);
    const error = el("p", { class: "refused", role: "alert", hidden: true });
    const row = el("div", { class: `control ${control.kind}`, role: "group", "aria-labelledby": labelId }, head);
    row.dataset.path = path;
    if (help) row.setAttribute("aria-describedby", helpId);
    const fields = KINDS[control.kind](control, (value) => this.tuned.set(path, value), labelId);
    row.append(...fields.nodes, about, error);
    const update = () => {
      const isChanged = this.tuned.isChanged(path);
      row.classList.toggle("changed", isChanged);
      reset.hidden = !isChanged;
      reset.title = `Saved value: ${shown(this.tuned.saved.get(path))}`;
      fields.show(this.tuned.value(path));
      this.#error(error, path);
    };
    this.updates.add(update);
    update();
    return row;
  }

  #helpText({ help, bounds, unit, path }) {
    const [low, high] = bounds ?? [null, null];
    const ends = [low === null ? "" : `at least ${shown(low)}`, high === null ? "" : `at most ${shown(high)}`];
    const allowed = ends.filter(Boolean).join(", ");
    const limits = allowed ? ` Allowed: ${allowed}${unit && unit !== "grey" ? ` ${unit}` : ""}.` : "";
    const text = help && !/[.!?]$/.test(help) ? `${help}.` : help;
    return `${text}${limits} Key: ${path}`.trim();
  }
}
