// Leave with: the preset as YAML, the command lines, and a data set from here.

import { Newest, json } from "./api.js";
import { el, name, tell } from "./dom.js";
import { Job } from "./job.js";

const BALANCED = ["psd", "sheath"];

export class Leave {
  constructor(about, tuned, shared) {
    this.about = about;
    this.tuned = tuned;
    this.shared = shared;
    this.whole = false;
    this.isOpen = false;
    this.asking = new Newest();
    this.job = new Job("generate", "How far the data set is", (told) => this.#ended(told));
    this.node = this.#build();
    tuned.addEventListener("change", () => this.isOpen && this.#refresh());
  }

  #build() {
    const nameId = name("name");
    this.name = el("input", { id: nameId, type: "text", value: `${this.about.preset}_tuned`.replace(/[^\w-]/g, "_"), maxlength: 60, pattern: "\\w[\\w\\-]*", required: true });
    this.name.addEventListener("input", () => this.#refresh());
    const forms = el("fieldset", { class: "stages" }, el("legend", { text: "What it holds" }));
    for (const [whole, text] of [[false, "changed keys only"], [true, "all keys"]]) {
      const radio = el("input", { type: "radio", name: "form", checked: whole === this.whole });
      radio.addEventListener("change", () => {
        this.whole = whole;
        this.#refresh();
      });
      forms.append(el("label", {}, radio, el("span", { text })));
    }
    this.text = el("pre", { class: "yaml", tabindex: "0", "aria-label": "The preset as YAML" });
    this.changed = el("span", { class: "unit" });
    const buttons = [
      el("button", { type: "button", class: "primary", onclick: () => this.#save() }, "Save here"),
      el("button", { type: "button", onclick: () => this.#download() }, "Download"),
      el("button", { type: "button", onclick: () => copy(this.text.textContent, "The preset") }, "Copy"),
    ];
    this.commands = el("ul", { class: "commands" });
    this.written = el("p", { class: "file", role: "status" });
    return el(
      "section",
      { class: "view leave" },
      el("div", { class: "card" }, el("h2", {}, "The preset ", this.changed), el("div", { class: "leave-head" }, el("label", { for: nameId, text: "Name" }), this.name, forms), this.text, el("div", { class: "actions" }, ...buttons), this.written),
      el("div", { class: "leave-side" }, el("div", { class: "card" }, el("h2", { text: "Command lines" }), this.commands), this.#generate()),
    );
  }

  #generate() {
    const [count, folder, layout] = ["patches", "folder", "layout"].map(name);
    this.count = el("input", { id: count, type: "number", min: 1, max: 1000000, value: "100", required: true });
    this.count.addEventListener("input", () => this.#refresh());
    this.folder = el("input", { id: folder, type: "text", maxlength: 60, pattern: "\\w[\\w\\-]*", required: true, value: "patches" });
    this.layout = el("select", { id: layout }, el("option", { value: "hdf5", text: "HDF5" }), el("option", { value: "png", text: "PNG" }));
    this.balance = BALANCED.map((cls) => {
      const id = name("share");
      const field = el("input", { id, type: "number", min: 0.1, max: 50, step: "any", placeholder: "as it comes" });
      field.addEventListener("input", () => this.#refresh());
      return { cls, field, nodes: [el("label", { for: id, text: `${cls}, % of pixels` }), field] };
    });
    this.startButton = el("button", { class: "primary", text: "Generate" });
    this.outcome = el("p", { class: "file", role: "status" });
    const form = el(
      "form",
      { class: "card form" },
      el("h2", { text: "A data set from here" }),
      el("label", { for: count, text: "Patches" }), this.count,
      ...this.balance.flatMap((one) => one.nodes),
      el("label", { for: folder, text: "Folder" }), this.folder,
      el("label", { for: layout, text: "Format" }), this.layout,
      el("div", { class: "actions" }, this.startButton),
      this.job.node,
      this.outcome,
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      this.startButton.disabled = true;
      this.outcome.textContent = "";
      try {
        await this.job.start({ ...this.#body(), folder: this.folder.value, layout: this.layout.value });
      } catch (error) {
        this.startButton.disabled = false;
        tell(error.message, true);
      }
    });
    return form;
  }

  #body() {
    const balance = {};
    for (const { cls, field } of this.balance) if (Number(field.value) > 0) balance[cls] = Number(field.value) / 100;
    return { changes: this.tuned.changes, seed: this.shared.seed, name: this.name.value, whole: this.whole, count: Number(this.count.value) || 1, balance };
  }

  open() {
    this.isOpen = true;
    this.#refresh();
    this.job.resume().catch(() => {});
  }

  close() {
    this.isOpen = false;
  }

  #refresh() {
    if (!this.name.checkValidity()) return;
    this.asking.ask(
      (signal) => json("/api/leave", this.#body(), signal),
      (found) => {
        this.text.textContent = found.text;
        this.file = found.file;
        this.changed.textContent = `${found.changed} changed`;
        this.commands.replaceChildren(
          ...found.commands.map(({ what, line }) => {
            const button = el("button", { type: "button", class: "quiet", text: "copy", onclick: () => copy(line, "The command line") });
            button.setAttribute("aria-label", `Copy: ${what}`);
            return el("li", {}, el("div", { class: "command-head" }, el("span", { text: what }), button), el("code", { text: line }));
          }),
        );
      },
      (error) => {
        if (error.path !== undefined) this.tuned.refuse(error.path, error.message);
        tell(error.message, true);
      },
    );
  }

  async #save() {
    if (!this.name.reportValidity()) return;
    try {
      const { file } = await json("/api/save", this.#body());
      this.written.replaceChildren("Written to ", el("code", { text: file }));
    } catch (error) {
      tell(error.message, true);
    }
  }

  #download() {
    const address = URL.createObjectURL(new Blob([this.text.textContent], { type: "application/yaml" }));
    const link = el("a", { href: address, download: this.file });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  #ended({ state, result }) {
    this.startButton.disabled = false;
    if (state === "failed") tell(`The data set: ${result}`, true);
    else if (state === "stopped") this.outcome.textContent = "Stopped: what is complete stays, and the command line above goes on from there.";
    else this.outcome.replaceChildren(`${result.count} patches in `, el("code", { text: result.folder }));
  }
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    tell(`${what} was copied.`);
  } catch {
    tell("The browser does not allow copying: mark the text and copy it by hand.", true);
  }
}
