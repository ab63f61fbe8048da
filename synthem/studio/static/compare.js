// Compare, live: curves over those of the real sections, and each difference as a number and a direction.

import { Newest, json } from "./api.js";
import { bandChart } from "./charts.js";
import { el, shown } from "./dom.js";

const WAIT_MS = 250;
const FIRST = 20;
const CURVES = [
  ["histogram", "Greys", "grey level", "% of pixels", (k, n) => (256 * (k + 0.5)) / n, [0, 256]],
  ["spectrum", "Radial spectrum", "cycles a pixel", "log₁₀ power", (k, n) => (0.5 * (k + 0.5)) / n, [0, 0.5]],
  ["correlation_x", "Noise along x", "lag, pixels", "correlation", (k) => k + 1, [1, 8]],
  ["correlation_y", "Noise along y", "lag, pixels", "correlation", (k) => k + 1, [1, 8]],
];

export class Compare {
  constructor(about, tuned, shared) {
    this.about = about;
    this.tuned = tuned;
    this.shared = shared;
    this.asking = new Newest();
    this.counting = new Newest();
    this.isOpen = false;
    this.all = false;
    this.node = this.#build();
    tuned.addEventListener("change", () => this.#later());
  }

  #build() {
    if (!this.about.real) {
      return el("section", { class: "view" }, el("div", { class: "empty" }, el("p", { text: "There is nothing to compare with." }), el("p", {}, "Start with ", el("code", { text: "--images DIR" }), ".")));
    }
    this.state = el("p", { class: "state", text: "Describing the real sections …" });
    this.traits = el("ul", { class: "traits" });
    this.charts = el("div", { class: "charts" });
    this.figures = el("div", { class: "table-wrap" });
    this.census = el("div", { class: "table-wrap" });
    const counts = this.about.real.labelled.length ? el("div", { class: "card" }, el("h2", { text: "What the masks hold" }), this.census) : null;
    return el(
      "section",
      { class: "view compare" },
      el("div", { class: "card" }, el("h2", { text: "How it differs" }), this.state, this.traits),
      this.charts,
      el("div", { class: "card" }, el("h2", { text: "All figures, the farthest first" }), this.figures),
      counts,
    );
  }

  open() {
    this.isOpen = true;
    if (this.stale !== false) this.#refresh();
  }

  close() {
    this.isOpen = false;
  }

  #later() {
    this.stale = true;
    clearTimeout(this.timer);
    if (this.isOpen) this.timer = setTimeout(() => this.#refresh(), WAIT_MS);
  }

  #refresh() {
    if (!this.about.real) return;
    const body = { changes: this.tuned.changes };
    const failed = (error) => {
      this.state.textContent = error.message;
      this.node.classList.remove("waiting");
    };
    this.node.classList.add("waiting");
    this.asking.ask(
      (signal) => json("/api/compare", body, signal),
      (found) => {
        this.stale = false;
        this.node.classList.remove("waiting");
        this.tuned.refuse(null, "");
        this.#draw(found);
        if (this.about.real.labelled.length) this.#count(body);
      },
      (error) => {
        failed(error);
        if (error.path !== undefined) this.tuned.refuse(error.path, error.message);
      },
    );
  }

  #draw(found) {
    this.found = found;
    this.state.textContent = `${found.near} of ${found.of} figures lie within one spread of the real windows; misfit ${found.misfit}. ${found.windows} synthetic windows against ${found.real_windows} real ones, ${found.edge}² pixels.`;
    this.traits.replaceChildren(
      ...found.traits.map((trait) => {
        const bar = el("span", { class: `bar-fill ${trait.off < 0 ? "less" : "more"}` });
        bar.style.width = `${Math.min(50, 10 * Math.abs(trait.off))}%`;
        const track = el("span", { class: "bar-track", "aria-hidden": "true" }, bar);
        return el("li", { class: trait.clear ? "clear" : "" }, el("span", { class: "trait-text", text: trait.text }), track);
      }),
    );
    this.charts.replaceChildren(
      ...CURVES.map(([key, title, x, y, at, ends]) => bandChart({ title, x, y, at, ends, real: found.real[key], ours: found.ours[key] })),
      el("p", { class: "chart-legend" }, el("span", { class: "key-real", text: "real: median, and the middle 80 % of windows" }), el("span", { class: "key-ours", text: "synthetic: median" })),
    );
    this.#drawFigures();
  }

  #drawFigures() {
    const rows = this.all ? this.found.figures : this.found.figures.slice(0, FIRST);
    const cells = rows.map((row) => [row.name, row.group, shown(row.ours), shown(row.real), `${row.off > 0 ? "+" : "−"}${Math.abs(row.off).toFixed(1)}`, Math.abs(row.off) >= 1]);
    const more = el("button", { type: "button", text: this.all ? "Show fewer" : `Show all ${this.found.figures.length}` });
    more.addEventListener("click", () => {
      this.all = !this.all;
      this.#drawFigures();
    });
    this.figures.replaceChildren(table(["figure", "kind", "synthetic", "real", "spreads off"], cells), more);
  }

  #count(body) {
    this.census.classList.add("waiting");
    if (!this.census.firstChild) this.census.append(el("p", { class: "nothing", text: "Counting …" }));
    this.counting.ask(
      (signal) => json("/api/counts", body, signal),
      ({ rows }) => {
        this.census.classList.remove("waiting");
        const cells = rows.map((row) => [row.name.replaceAll("_", " "), row.group.replaceAll("_", " "), shown(row.ours), shown(row.real), row.off || "", Boolean(row.off)]);
        this.census.replaceChildren(table(["figure", "of", "synthetic", "real", "off"], cells));
      },
      (error) => {
        this.census.classList.remove("waiting");
        this.census.replaceChildren(el("p", { class: "nothing", text: error.message }));
      },
    );
  }
}

/** A table; the last entry of a row says whether it stands out. */
export function table(heads, rows) {
  const cell = (text, k) => el("td", { class: k > 1 ? "figure" : "", text });
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, ...heads.map((text, k) => el("th", { scope: "col", class: k > 1 ? "figure" : "", text })))),
    el("tbody", {}, ...rows.map((row) => el("tr", { class: row.at(-1) ? "clear" : "" }, ...row.slice(0, -1).map(cell)))),
  );
}
