// Fit: start, progress, stop; then its values one by one or all.

import { el, name, shown, tell } from "./dom.js";
import { Job } from "./job.js";

export class Fit {
  constructor(about, tuned, shared) {
    this.about = about;
    this.tuned = tuned;
    this.node = el("section", { class: "view fit" });
    this.result = el("div", {});
    if (!about.real) {
      this.node.append(el("div", { class: "empty" }, el("p", { text: "A fit wants real sections." }), el("p", {}, "Start with ", el("code", { text: "--images DIR" }), ".")));
      return;
    }
    this.job = new Job("fit", "How far the fit is", (told) => this.#ended(told));
    this.node.append(this.#form(), this.result);
    tuned.addEventListener("change", () => this.values && this.#table());
  }

  #form() {
    const [minutes, tissues, masks] = ["minutes", "tissues", "masks"].map(name);
    this.minutes = el("input", { id: minutes, type: "number", min: 0.1, max: 600, step: "any", value: "5", required: true });
    this.tissues = el("input", { id: tissues, type: "checkbox" });
    const labelled = this.about.real.labelled.length > 0;
    this.masks = el("input", { id: masks, type: "checkbox", disabled: !labelled });
    this.startButton = el("button", { class: "primary", text: "Start" });
    const form = el(
      "form",
      { class: "card form" },
      el("h2", { text: "Fit to the real sections" }),
      el("p", { text: "It begins with the values as they are tuned now, and takes as long as you give it. Nothing changes until you accept it." }),
      el("label", { for: minutes, text: "Minutes" }), this.minutes,
      el("label", { for: tissues, text: "Other tissues" }), el("span", { class: "check" }, this.tissues, el("span", { text: "let those of other presets compete" })),
      el("label", { for: masks, text: "Masks" }), el("span", { class: "check" }, this.masks, el("span", { text: labelled ? "take greys, sizes and numbers from them" : "there are none" })),
      el("div", { class: "actions" }, this.startButton),
      this.job.node,
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      this.startButton.disabled = true;
      this.result.replaceChildren();
      this.values = null;
      try {
        await this.job.start({ changes: this.tuned.changes, minutes: Number(this.minutes.value), tissues: this.tissues.checked, masks: this.masks.checked });
      } catch (error) {
        this.startButton.disabled = false;
        if (error.path !== undefined) this.tuned.refuse(error.path, error.message);
        tell(error.message, true);
      }
    });
    return form;
  }

  open() {
    this.job?.resume().catch(() => {});
  }

  #ended({ state, result }) {
    this.startButton.disabled = false;
    if (state === "failed") {
      tell(`The fit ended: ${result}`, true);
      return;
    }
    if (!result) {
      this.result.replaceChildren(el("div", { class: "card" }, el("p", { text: "Stopped before there was anything to show." })));
      return;
    }
    this.values = result.values;
    this.found = result;
    this.stopped = state === "stopped";
    this.#table();
  }

  #accepted(value) {
    return JSON.stringify(this.tuned.value(value.path)) === JSON.stringify(value.after);
  }

  #table() {
    const { before, after, notes, candidates } = this.found;
    const rows = this.values.map((value) => {
      const taken = this.#accepted(value);
      const accept = el("button", { type: "button", text: taken ? "accepted" : "Accept", disabled: taken });
      accept.setAttribute("aria-label", `Accept ${value.path}`);
      accept.addEventListener("click", () => this.tuned.set(value.path, value.after));
      return el("tr", {}, el("td", {}, el("code", { text: value.path })), el("td", { class: "figure", text: shown(value.before) }), el("td", { class: "figure", text: shown(value.after) }), el("td", {}, accept));
    });
    const all = el("button", { type: "button", class: "primary", text: `Accept all ${this.values.length}`, disabled: this.values.every((value) => this.#accepted(value)) });
    all.addEventListener("click", () => this.tuned.setAll(this.values.map((value) => [value.path, value.after])));
    const head = this.stopped ? "Stopped: the best up to then" : "Found";
    this.result.replaceChildren(
      el(
        "div",
        { class: "card" },
        el("h2", { text: head }),
        el("p", { text: `Misfit ${before} before, ${after} after, on windows that it did not search on; ${candidates} candidates.` }),
        ...notes.map((note) => el("p", { class: "note", text: note })),
        this.values.length ? el("div", { class: "actions" }, all) : el("p", { text: "No value differs." }),
        el("div", { class: "table-wrap" }, el("table", {}, el("thead", {}, el("tr", {}, ...["value", "before", "fitted", ""].map((text, k) => el("th", { scope: "col", class: k === 1 || k === 2 ? "figure" : "", text })))), el("tbody", {}, ...rows))),
      ),
    );
  }
}
