// Tune: synthetic and real side by side at equal scale, stages, labels, windows, and the saved preset by a key.

import { Newest, json, pixels, send } from "./api.js";
import { el, name, tell } from "./dom.js";
import { paint } from "./paint.js";

const PATIENCE_MS = 150;
const PLACES = [["psd", "PSD"], ["sheath", "sheath"], ["bouton", "bouton"], ["mitochondrion", "mitochondrion"]];
const FAR_NM = 60000;

export class Tune {
  constructor(about, tuned, shared) {
    this.about = about;
    this.tuned = tuned;
    this.shared = shared; // seed and place, which other views look at, too
    this.edge = 256;
    this.stage = "tone";
    this.labels = false;
    this.opacity = 0.45;
    this.off = new Set();
    this.found = {};
    this.realNumber = 0;
    this.asking = new Newest(PATIENCE_MS);
    this.askingSaved = new Newest();
    this.askingReal = new Newest();
    this.askingPlace = new Newest();
    this.node = this.#build();
    tuned.addEventListener("change", () => this.refresh());
  }

  #build() {
    this.mine = this.#figure("Synthetic");
    this.real = this.#figure("Real");
    const pictures = el("div", { class: "pictures" }, this.mine.node);
    if (this.about.real) pictures.append(this.real.node);
    else {
      pictures.append(
        el("div", { class: "empty" }, el("p", { text: "No real sections." }), el("p", {}, "Start with ", el("code", { text: "--images DIR" }), " to see yours here.")),
      );
    }
    this.legend = el("div", { class: "legend", role: "group", "aria-label": "Classes that are shown" });
    return el("section", { class: "view tune" }, pictures, this.#stages(), this.#tools(), this.#overlay());
  }

  #figure(title) {
    const canvas = el("canvas", { width: 256, height: 256, role: "img", "aria-label": `${title} section` });
    const caption = el("span", { class: "caption" });
    const bar = el("div", { class: "scale", "aria-hidden": "true" }, el("span"));
    const frame = el("div", { class: "frame" }, canvas, bar);
    const node = el("figure", {}, el("figcaption", {}, el("strong", { text: title }), caption), frame);
    return { node, canvas, caption, bar, frame };
  }

  #stages() {
    const group = el("fieldset", { class: "stages" }, el("legend", { text: "After the stage" }));
    for (const stage of this.about.stages) {
      const radio = el("input", { type: "radio", name: "stage", value: stage, checked: stage === this.stage });
      radio.addEventListener("change", () => {
        this.stage = stage;
        this.refresh();
      });
      group.append(el("label", {}, radio, el("span", { text: stage })));
    }
    return group;
  }

  #tools() {
    const button = (text, run, extra = {}) => el("button", { type: "button", onclick: run, ...extra }, text);
    this.seedField = el("input", { type: "number", min: 0, step: 1, id: name("seed"), value: String(this.shared.seed) });
    this.seedField.addEventListener("change", () => {
      const seed = Number(this.seedField.value);
      if (Number.isSafeInteger(seed) && seed >= 0) this.#seed(seed);
    });
    const saved = button("Hold: saved preset", () => {}, { "aria-keyshortcuts": "B", class: "hold" });
    for (const event of ["pointerdown", "keydown"]) {
      saved.addEventListener(event, (happened) => {
        if (event === "pointerdown" || happened.key === " " || happened.key === "Enter") this.holdSaved(true);
      });
    }
    for (const event of ["pointerup", "pointerleave", "keyup", "blur"]) saved.addEventListener(event, () => this.holdSaved(false));
    this.savedButton = saved;
    const size = el("select", { "aria-label": "Pixels of a picture" });
    for (const edge of [192, 256, 384, 512]) size.append(el("option", { value: edge, text: `${edge} px` }));
    size.value = "256";
    size.addEventListener("change", () => {
      this.edge = Number(size.value);
      this.refresh();
      this.refreshReal();
    });
    return el(
      "div",
      { class: "tools" },
      el("div", { class: "tool-group" }, saved),
      el("div", { class: "tool-group" }, button("Next window", () => this.next(), { "aria-keyshortcuts": "N" }), this.about.real ? button("Next real crop", () => this.nextReal()) : null, size),
      el("div", { class: "tool-group" }, el("label", { for: this.seedField.id, text: "Seed" }), this.seedField, button("New", () => this.newSeed(), { "aria-keyshortcuts": "S", "aria-label": "New seed" })),
      el("div", { class: "tool-group", role: "group", "aria-label": "Show me" }, el("span", { class: "tool-name", text: "Show me a" }), ...PLACES.map(([what, text]) => button(text, () => this.show(what, text)))),
    );
  }

  #overlay() {
    this.labelButton = el("button", { type: "button", "aria-pressed": "false", "aria-keyshortcuts": "L", onclick: () => this.toggleLabels() }, "Labels");
    const opacity = el("input", { type: "range", min: 10, max: 100, step: 5, value: String(100 * this.opacity), "aria-label": "Opacity of labels, percent" });
    opacity.addEventListener("input", () => {
      this.opacity = Number(opacity.value) / 100;
      this.#paint();
    });
    this.opacityField = opacity;
    return el("div", { class: "overlay" }, this.labelButton, opacity, this.legend);
  }

  #seed(seed) {
    this.shared.seed = seed;
    this.seedField.value = String(seed);
    this.saved = null;
    this.refresh();
    this.shared.moved();
  }

  newSeed() {
    this.#seed(crypto.getRandomValues(new Uint32Array(1))[0] % 100000);
  }

  next() {
    const random = () => Math.round(((crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32) * 2 - 1) * FAR_NM);
    this.#go({ z: random(), y: random(), x: random() });
  }

  #go(place) {
    this.shared.place = place;
    this.saved = null;
    this.refresh();
    this.shared.moved();
  }

  nextReal() {
    this.realNumber += 1;
    this.refreshReal();
  }

  show(what, text) {
    const number = this.found[what] ?? 0;
    tell(`Looking for a ${text} …`);
    const body = { what, number, changes: this.tuned.changes, seed: this.shared.seed };
    this.askingPlace.ask(
      (signal) => json("/api/find", body, signal),
      (place) => {
        this.found[what] = number + 1;
        this.#go(place);
        tell(`A ${text} is in the middle of the window.`);
      },
      (error) => tell(error.message, true),
    );
  }

  toggleLabels() {
    this.labels = !this.labels;
    this.labelButton.setAttribute("aria-pressed", String(this.labels));
    this.#paint();
  }

  #body(changes, lane) {
    return { changes, seed: this.shared.seed, ...this.shared.place, edge: this.edge, stage: this.stage, lane };
  }

  refresh() {
    this.saved = null;
    const begun = performance.now();
    this.mine.node.classList.add("waiting");
    this.asking.ask(
      async (signal) => pixels(await send("/api/picture", this.#body(this.tuned.changes, "tuned"), signal)),
      (picture) => {
        const voxelChanged = String(picture.voxel_nm) !== String(this.picture?.voxel_nm);
        this.picture = picture;
        this.mine.node.classList.remove("waiting");
        this.took = Math.round(performance.now() - begun);
        this.mine.caption.textContent = `${this.took} ms${picture.rebuilt ? ", tissue built" : ""}`;
        this.tuned.refuse(null, "");
        this.#paint();
        if (voxelChanged) this.refreshReal();
        this.node.dispatchEvent(new Event("drawn"));
      },
      (error) => {
        this.mine.node.classList.remove("waiting");
        if (error.path !== undefined) this.tuned.refuse(error.path, error.message);
        tell(error.message, true);
      },
    );
  }

  /** The real crop that shows as many nanometres as the synthetic one. */
  refreshReal() {
    if (!this.about.real || !this.picture) return;
    const scale = this.picture.voxel_nm[2] / this.about.real.voxel_nm[2];
    const edge = Math.max(16, Math.round(this.edge * scale));
    this.askingReal.ask(
      async (signal) => pixels(await send("/api/real", { number: this.realNumber, edge }, signal)),
      (picture) => {
        this.realPicture = picture;
        this.real.caption.textContent = picture.section;
        this.real.caption.title = picture.section;
        this.#paint();
      },
      (error) => tell(error.message, true),
    );
  }

  /** Show the preset as it was saved while a key or button is held. */
  holdSaved(held) {
    if (this.held === held) return;
    this.held = held;
    this.savedButton.classList.toggle("held", held);
    this.mine.node.classList.toggle("is-saved", held);
    if (held && !this.saved) {
      const changes = "voxel_nm" in this.tuned.changes ? { voxel_nm: this.tuned.changes.voxel_nm } : {};
      this.askingSaved.ask(
        async (signal) => pixels(await send("/api/picture", this.#body(changes, "saved"), signal)),
        (picture) => {
          this.saved = picture;
          if (this.held) this.#paint();
        },
        (error) => tell(error.message, true),
      );
    }
    this.#paint();
  }

  #paint() {
    const on = (one) => this.labels && !this.off.has(one);
    const picture = this.held ? (this.saved ?? this.picture) : this.picture;
    const title = this.held ? "Saved preset" : "Synthetic";
    this.mine.node.querySelector("strong").textContent = title;
    if (picture) {
      paint(this.mine.canvas, picture, on, this.opacity);
      this.mine.canvas.setAttribute("aria-label", `${title} section after ${this.stage}, ${this.labels ? "with" : "without"} labels`);
    }
    if (this.realPicture) paint(this.real.canvas, this.realPicture, on, this.opacity);
    this.#scale();
    this.#drawLegend();
  }

  /** A bar of a round length, the same on both sides. */
  #scale() {
    if (!this.picture) return;
    const wide = this.picture.width * this.picture.voxel_nm[2];
    const power = 10 ** Math.floor(Math.log10(wide / 3));
    const length = [5, 2, 1].map((n) => n * power).find((n) => n <= wide / 3);
    for (const { bar } of [this.mine, this.real]) {
      bar.style.width = `${(100 * length) / wide}%`;
      bar.firstChild.textContent = length >= 1000 ? `${length / 1000} µm` : `${length} nm`;
    }
  }

  #drawLegend() {
    const classes = new Map();
    for (const picture of [this.picture, this.realPicture]) {
      for (const one of picture?.classes ?? []) classes.set(one.name, one);
    }
    const key = [...classes.keys()].join() + [...this.off].join() + this.labels;
    if (key === this.legendKey) return;
    this.legendKey = key;
    this.opacityField.disabled = !this.labels;
    const chips = [...classes.values()].map((one) => {
      const swatch = el("span", { class: "swatch" });
      swatch.style.backgroundColor = `rgb(${one.colour.join()})`;
      const shown = this.labels && !this.off.has(one.name);
      const chip = el("button", { type: "button", class: "chip", "aria-pressed": String(shown) }, swatch, one.name.replaceAll("_", " "));
      chip.dataset.name = one.name;
      chip.addEventListener("click", () => {
        if (shown) this.off.add(one.name);
        else this.off.delete(one.name);
        if (this.labels) this.#paint();
        else this.toggleLabels();
        this.legend.querySelector(`[data-name="${one.name}"]`)?.focus();
      });
      return chip;
    });
    this.legend.replaceChildren(...chips);
  }

  open() {
    if (!this.picture) this.refresh();
  }
}
