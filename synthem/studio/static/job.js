// A job of the server: how far it is, told every half second, until it ends.

import { json } from "./api.js";
import { el } from "./dom.js";

const EVERY_MS = 500;
const ENDED = ["done", "stopped", "failed"];

export class Job {
  constructor(kind, title, ended) {
    this.kind = kind;
    this.ended = ended;
    this.bar = el("progress", { "aria-label": title, max: 1000 });
    this.said = el("p", { class: "job-said", role: "status" });
    this.stopButton = el("button", { type: "button", text: "Stop", onclick: () => this.stop() });
    this.node = el("div", { class: "job", hidden: true }, this.bar, this.said, this.stopButton);
  }

  async start(body) {
    this.#follow(await json(`/api/${this.kind}`, body));
  }

  async stop() {
    this.stopButton.disabled = true;
    this.#draw(await json(`/api/${this.kind}/job/stop`, {}));
  }

  /** Go on showing what is under way, after the page was opened anew. */
  async resume() {
    const told = await json(`/api/${this.kind}/job`);
    if (told.state === "running" || told.state === "stopping") this.#follow(told);
  }

  #follow(told) {
    this.#draw(told);
    clearInterval(this.timer);
    this.timer = setInterval(async () => {
      const next = await json(`/api/${this.kind}/job`).catch(() => null);
      if (!next) return;
      this.#draw(next);
      if (ENDED.includes(next.state)) {
        clearInterval(this.timer);
        this.node.hidden = true;
        this.ended(next);
      }
    }, EVERY_MS);
  }

  #draw({ state, done, of, seconds, notes }) {
    this.node.hidden = false;
    this.stopButton.disabled = state !== "running";
    if (of) {
      this.bar.max = of;
      this.bar.value = done;
    } else this.bar.removeAttribute("value");
    const last = notes.at(-1) ?? (state === "stopping" ? "stopping" : "starting");
    const share = of ? `${Math.floor((100 * done) / of)} %, ` : "";
    this.said.textContent = `${state === "stopping" ? "Stopping: " : ""}${share}${Math.round(seconds)} s: ${last}`;
  }
}
