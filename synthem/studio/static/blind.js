// Blind test: one crop after the other, real or synthetic; then accuracy with its interval.

import { json, pixels, send } from "./api.js";
import { el, name, tell } from "./dom.js";
import { paint } from "./paint.js";

export class Blind {
  constructor(about, tuned, shared) {
    this.about = about;
    this.tuned = tuned;
    this.shared = shared;
    this.node = el("section", { class: "view blind" });
    this.#setup();
  }

  #setup() {
    this.test = null;
    if (!this.about.real) {
      this.node.replaceChildren(el("div", { class: "empty" }, el("p", { text: "A blind test wants real sections." }), el("p", {}, "Start with ", el("code", { text: "--images DIR" }), ".")));
      return;
    }
    const [count, size, rater] = ["count", "size", "rater"].map(name);
    this.count = el("select", { id: count }, ...[10, 20, 40, 100].map((n) => el("option", { value: n, text: String(n) })));
    this.count.value = "20";
    const edges = [96, 128, 192, 256, 384].filter((edge) => edge <= this.about.real.smallest);
    this.size = el("select", { id: size }, ...edges.map((n) => el("option", { value: n, text: `${n} pixels` })));
    this.size.value = String(edges.includes(192) ? 192 : edges.at(-1));
    this.rater = el("input", { id: rater, type: "text", maxlength: 40, pattern: "[\\w\\-]+", required: true, value: this.raterName ?? "", placeholder: "letters, digits, _ and -" });
    const form = el(
      "form",
      { class: "card form" },
      el("h2", { text: "Real or synthetic?" }),
      el("p", { text: "You see one crop after the other, half of them real, in a drawn order. What you took each for, and how often rightly, is written to a file of yours." }),
      el("label", { for: rater, text: "Your name" }), this.rater,
      el("label", { for: count, text: "Crops" }), this.count,
      el("label", { for: size, text: "Size" }), this.size,
      el("div", { class: "actions" }, (this.startButton = el("button", { class: "primary", text: "Start" }))),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#begin();
    });
    this.node.replaceChildren(form);
  }

  async #begin() {
    this.startButton.disabled = true;
    this.startButton.textContent = "Making crops …";
    this.raterName = this.rater.value;
    try {
      const body = { changes: this.tuned.changes, seed: this.shared.seed, crops: Number(this.count.value), edge: Number(this.size.value) };
      const begun = await json("/api/blind", body);
      this.test = begun.test;
      this.crops = begun.crops;
      this.at = 0;
      this.#question();
      await this.#show();
    } catch (error) {
      tell(error.message, true);
      this.startButton.disabled = false;
      this.startButton.textContent = "Start";
    }
  }

  #question() {
    this.canvas = el("canvas", { role: "img", "aria-label": "Crop: real or synthetic?" });
    this.progress = el("progress", { max: this.crops, value: "0", "aria-label": "Crops answered" });
    this.counter = el("p", { class: "counter" });
    this.buttons = [
      el("button", { type: "button", class: "answer", "aria-keyshortcuts": "ArrowLeft", onclick: () => this.#answer(true) }, el("kbd", { text: "←" }), " Real"),
      el("button", { type: "button", class: "answer", "aria-keyshortcuts": "ArrowRight", onclick: () => this.#answer(false) }, "Synthetic ", el("kbd", { text: "→" })),
    ];
    const stop = el("button", { type: "button", class: "quiet", text: "Give up this test", onclick: () => this.#setup() });
    this.node.replaceChildren(el("div", { class: "asking" }, this.counter, this.progress, el("div", { class: "frame" }, this.canvas), el("div", { class: "answers" }, ...this.buttons), stop));
  }

  async #show() {
    const picture = await pixels(await send(`/api/blind/${this.test}/${this.at}`));
    paint(this.canvas, picture, () => false, 0);
    this.counter.textContent = `Crop ${this.at + 1} of ${this.crops}`;
    this.progress.value = this.at;
    this.busy = false;
    for (const button of this.buttons) button.disabled = false;
  }

  async #answer(real) {
    if (this.busy || !this.test) return;
    this.busy = true;
    for (const button of this.buttons) button.disabled = true;
    try {
      const { done } = await json("/api/blind/answer", { test: this.test, number: this.at, real });
      this.at += 1;
      if (done) await this.#result();
      else await this.#show();
    } catch (error) {
      tell(error.message, true);
      this.busy = false;
      for (const button of this.buttons) button.disabled = false;
    }
  }

  /** Take a key; tells whether it was an answer. */
  key(event) {
    if (!this.test || event.repeat || !["ArrowLeft", "ArrowRight"].includes(event.key)) return false;
    this.#answer(event.key === "ArrowLeft");
    return true;
  }

  async #result() {
    const found = await json("/api/blind/result", { test: this.test, rater: this.raterName });
    this.test = null;
    const percent = (share) => `${Math.round(100 * share)} %`;
    const [low, high] = found.interval_95;
    const chance = low <= 0.5 && high >= 0.5;
    const verdict = chance
      ? "Half right, which is guessing, lies within the interval: this test does not show that they can be told apart."
      : low > 0.5 ? "The interval lies above one half: they can be told apart." : "The interval lies below one half: they can be told apart, and were taken for each other.";
    const span = el("span", { class: "interval-span" });
    span.style.left = `${100 * low}%`;
    span.style.width = `${100 * (high - low)}%`;
    const point = el("span", { class: "interval-point" });
    point.style.left = `${100 * found.accuracy}%`;
    const half = found.crops / 2;
    this.node.replaceChildren(
      el(
        "div",
        { class: "card result", tabindex: "-1" },
        el("h2", { text: `${found.right} of ${found.crops} right` }),
        el("p", { class: "big", text: percent(found.accuracy) }),
        el("p", { text: `95 % interval (Wilson): ${percent(low)} to ${percent(high)}` }),
        el("div", { class: "interval", "aria-hidden": "true" }, el("span", { class: "interval-half" }), span, point),
        el("p", { text: verdict }),
        el("p", { text: `Taken for real: ${found.taken_for_real.real} of ${half} real crops, ${found.taken_for_real.synthetic} of ${half} synthetic ones.` }),
        el("p", { class: "file" }, "Written to ", el("code", { text: found.file })),
        el("div", { class: "actions" }, el("button", { type: "button", class: "primary", text: "Another test", onclick: () => this.#setup() })),
      ),
    );
    this.node.firstChild.focus();
  }
}
