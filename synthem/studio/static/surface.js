// 3D: the surfaces of objects around a synapse, from any side.

import { Newest, send } from "./api.js";
import { el, name, tell } from "./dom.js";

const ANGLES = [["Front", 0, 0], ["Oblique", 30, 25], ["Side", 90, 0], ["Above", 0, 80]];
const SHOWN = ["psd", "vesicle", "mitochondrion", "sheath", "neurite"];
const WAIT_MS = 300;
const FAR_NM = 60000;

export class Surface {
  constructor(about, tuned, shared) {
    this.tuned = tuned;
    this.shared = shared;
    this.turn = 30;
    this.rise = 25;
    this.place = null;
    this.on = new Set(["psd", "vesicle", "mitochondrion"]);
    this.asking = new Newest(400);
    this.isOpen = false;
    this.stale = true;
    this.node = this.#build();
    const changed = () => {
      this.stale = true;
      clearTimeout(this.timer);
      if (this.isOpen) this.timer = setTimeout(() => this.#refresh(), WAIT_MS);
    };
    tuned.addEventListener("change", changed);
    shared.places.addEventListener("moved", changed);
  }

  #build() {
    this.image = el("img", { alt: "Surfaces of objects around a synapse, in 3D", width: 520, height: 520 });
    const slider = (title, low, high, key) => {
      const id = name(key);
      const field = el("input", { type: "range", id, min: low, max: high, step: 5, value: String(this[key]) });
      field.addEventListener("input", () => {
        this[key] = Number(field.value);
        this.#refresh();
      });
      this[`${key}Field`] = field;
      return el("div", { class: "pair" }, el("label", { for: id, text: title }), field);
    };
    const angles = ANGLES.map(([title, turn, rise]) => el("button", { type: "button", text: title, onclick: () => this.#from(turn, rise) }));
    const chips = SHOWN.map((one) => {
      const chip = el("button", { type: "button", class: "chip", "aria-pressed": String(this.on.has(one)), text: one === "neurite" ? "their neurites" : one });
      chip.addEventListener("click", () => {
        if (this.on.has(one) && this.on.size > 1) this.on.delete(one);
        else this.on.add(one);
        chip.setAttribute("aria-pressed", String(this.on.has(one)));
        this.#refresh();
      });
      return chip;
    });
    const another = el("button", { type: "button", text: "Another place", onclick: () => this.#another() });
    this.state = el("p", { class: "state", role: "status" });
    const side = el("div", { class: "card form-wide" }, el("h2", { text: "From" }), el("div", { class: "tool-group" }, ...angles), slider("Turn", -180, 180, "turn"), slider("Raise", -85, 85, "rise"), el("h2", { text: "Shown" }), el("div", { class: "legend" }, ...chips), el("div", { class: "actions" }, another), this.state);
    return el("section", { class: "view surface" }, el("div", { class: "frame paper" }, this.image), side);
  }

  #from(turn, rise) {
    this.turn = turn;
    this.rise = rise;
    this.turnField.value = String(turn);
    this.riseField.value = String(rise);
    this.#refresh();
  }

  #another() {
    const random = () => Math.round(((crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32) * 2 - 1) * FAR_NM);
    this.place = { z: random(), y: random(), x: random() };
    this.#refresh();
  }

  open() {
    this.isOpen = true;
    if (this.stale) this.#refresh();
  }

  close() {
    this.isOpen = false;
  }

  #refresh() {
    const body = { changes: this.tuned.changes, seed: this.shared.seed, ...(this.place ?? this.shared.place), show: [...this.on], turn: this.turn, rise: this.rise };
    this.node.classList.add("waiting");
    this.state.textContent = "Building …";
    const begun = performance.now();
    this.asking.ask(
      async (signal) => (await send("/api/surface", body, signal)).blob(),
      (blob) => {
        this.stale = false;
        this.node.classList.remove("waiting");
        this.state.textContent = `${((performance.now() - begun) / 1000).toFixed(1)} s`;
        const old = this.image.src;
        this.image.src = URL.createObjectURL(blob);
        if (old.startsWith("blob:")) URL.revokeObjectURL(old);
      },
      (error) => {
        this.node.classList.remove("waiting");
        this.state.textContent = error.message;
        if (error.path !== undefined) this.tuned.refuse(error.path, error.message);
        tell(error.message, true);
      },
    );
  }
}
