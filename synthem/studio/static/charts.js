// Charts: the band and median of real windows, and the median of synthetic ones over it.

import { el, svg } from "./dom.js";

const WIDE = 340;
const HIGH = 170;
const LEFT = 40;
const BOTTOM = 32;
const TOP = 8;
const RIGHT = 8;

/** Some round numbers between two ends. */
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const out = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9; k += 1) out.push(Number((k * step).toPrecision(6)));
  return out;
}

/** Draw a curve; `real` and `ours` hold its 10th, 50th and 90th percentile over windows. */
export function bandChart({ title, x, y, at, ends, real, ours }) {
  const count = real[1].length;
  const every = [...real.flat(), ...ours[1]];
  const low = Math.min(0, ...every);
  const high = Math.max(...every) * 1.05 || 1;
  const px = (value) => LEFT + ((value - ends[0]) / (ends[1] - ends[0])) * (WIDE - LEFT - RIGHT);
  const py = (value) => HIGH - BOTTOM - ((value - low) / (high - low)) * (HIGH - BOTTOM - TOP);
  const points = (values) => values.map((value, k) => `${px(at(k, count)).toFixed(1)},${py(value).toFixed(1)}`);
  const band = [...points(real[2]), ...points(real[0]).reverse()].join(" ");
  const picture = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `${title}: synthetic over real` });
  for (const value of ticks(low, high, 4)) {
    picture.append(svg("line", { class: "grid", x1: LEFT, x2: WIDE - RIGHT, y1: py(value), y2: py(value) }));
    picture.append(svg("text", { class: "tick", x: LEFT - 5, y: py(value) + 3.5, "text-anchor": "end", text: String(value) }));
  }
  for (const value of ticks(ends[0], ends[1], 5)) {
    picture.append(svg("text", { class: "tick", x: px(value), y: HIGH - BOTTOM + 13, "text-anchor": "middle", text: String(value) }));
  }
  picture.append(
    svg("text", { class: "axis-name", x: WIDE - RIGHT, y: HIGH - 3, "text-anchor": "end", text: x }),
    svg("polygon", { class: "band", points: band }),
    svg("polyline", { class: "line-real", points: points(real[1]).join(" ") }),
    svg("polyline", { class: "line-ours", points: points(ours[1]).join(" ") }),
  );
  return el("figure", { class: "card chart" }, el("figcaption", {}, el("h2", { text: title }), el("span", { class: "unit", text: y })), picture);
}
