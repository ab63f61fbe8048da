// The fields of a control: a slider with a number, a spread, a switch, a choice.

import { el, name } from "./dom.js";

const FORMS = {
  "mean ± std": ["mean", "std"],
  "min – max": ["min", "max"],
  "median ×÷ ratio": ["median", "ratio"],
};

/** A round step, some two hundred of which make a range. */
function stepOf([low, high], whole) {
  if (whole) return 1;
  const rough = (high - low) / 200;
  const power = 10 ** Math.floor(Math.log10(rough || 0.01));
  return Number(([1, 2, 5].map((n) => n * power).reverse().find((n) => n <= rough) ?? power).toPrecision(1));
}

const round = (value) => Number(value.toPrecision(6));

/** A slider and a field of one number, which follow each other. */
function pair(range, whole, labels, change, bounds = [null, null]) {
  const step = stepOf(range, whole);
  const slider = el("input", { type: "range", min: range[0], max: range[1], step, ...labels });
  const field = el("input", { type: "number", step: "any", ...labels });
  if (bounds[0] !== null) field.min = bounds[0];
  if (bounds[1] !== null) field.max = bounds[1];
  slider.addEventListener("input", () => change(round(Number(slider.value))));
  field.addEventListener("input", () => {
    const value = Number(field.value);
    if (field.value !== "" && Number.isFinite(value)) change(whole ? Math.round(value) : value);
  });
  const show = (value) => {
    if (value === null || value === undefined) {
      field.value = "";
      return;
    }
    if (value > Number(slider.max)) slider.max = value; // typed beyond the slider: it follows
    if (value < Number(slider.min)) slider.min = value;
    slider.value = value;
    if (document.activeElement !== field || Number(field.value) !== value) field.value = round(value);
  };
  return { slider, field, show };
}

const number = (whole) => (control, change, labelId) => {
  const { slider, field, show } = pair(control.range, whole, { "aria-labelledby": labelId }, change, control.bounds);
  const line = el("div", { class: "pair" }, slider, field);
  if (!control.empty) return { nodes: [line], show };
  const id = name("none");
  const none = el("input", { type: "checkbox", id });
  none.addEventListener("change", () => change(none.checked ? null : round((control.range[0] + control.range[1]) / 2)));
  const row = el("div", { class: "none" }, none, el("label", { for: id, text: "none" }));
  return {
    nodes: [line, row],
    show: (value) => {
      none.checked = value === null;
      slider.disabled = field.disabled = value === null;
      show(value);
    },
  };
};

function spread(control, change, labelId) {
  const select = el("select", { "aria-labelledby": labelId });
  select.append(...Object.keys(FORMS).map((form) => el("option", { text: form, value: form })));
  const rows = el("div", { class: "spread-rows" });
  let form = null;
  let now = null;
  let parts = [];
  const build = () => {
    parts = FORMS[form].map((key) => {
      const id = name("part");
      const range = key === "ratio" ? [1, 3] : key === "std" ? [0, control.range[1] / 4] : control.range;
      const labels = { "aria-labelledby": `${labelId} ${id}` };
      const made = pair(range, false, labels, (value) => change({ ...now, [key]: value }), [key === "ratio" ? 1 : 0, null]);
      const row = el("div", { class: "pair" }, el("span", { class: "part", id, text: key }), made.slider, made.field);
      return { key, row, show: made.show };
    });
    rows.replaceChildren(...parts.map((part) => part.row));
  };
  select.addEventListener("change", () => change(converted(now, select.value)));
  return {
    nodes: [select, rows],
    show: (value) => {
      now = value;
      const want = Object.keys(FORMS).find((name) => FORMS[name][0] in value);
      if (want !== form) {
        form = want;
        select.value = form;
        build();
      }
      for (const part of parts) part.show(value[part.key]);
    },
  };
}

/** The same middle and about the same width in another form. */
function converted(value, form) {
  const middle = value.mean ?? value.median ?? (value.min + value.max) / 2;
  const width = value.std ?? (value.ratio ? middle * Math.log(value.ratio) : (value.max - value.min) / Math.sqrt(12));
  if (form === "mean ± std") return { mean: round(middle), std: round(width) };
  if (form === "min – max") {
    const half = width * Math.sqrt(3);
    return { min: round(Math.max(0, middle - half)), max: round(middle + half) };
  }
  return { median: round(middle || 1), ratio: round(Math.exp(middle ? width / middle : 0)) };
}

function toggle(control, change, labelId) {
  const box = el("input", { type: "checkbox", "aria-labelledby": labelId });
  box.addEventListener("change", () => change(box.checked));
  return { nodes: [el("div", { class: "pair" }, box)], show: (value) => (box.checked = value) };
}

function choice(control, change, labelId) {
  const select = el("select", { "aria-labelledby": labelId });
  select.append(...control.choices.map((option) => el("option", { text: option, value: option })));
  select.addEventListener("change", () => change(select.value));
  return { nodes: [select], show: (value) => (select.value = value) };
}

function numbers(control, change, labelId) {
  const fields = control.labels.map((axis) => {
    const id = name("axis");
    const field = el("input", { type: "number", step: "any", "aria-labelledby": `${labelId} ${id}` });
    return { field, node: el("label", { class: "axis", id }, `${axis} `, field) };
  });
  for (const { field } of fields) {
    field.addEventListener("change", () => {
      const values = fields.map((one) => Number(one.field.value));
      if (values.every(Number.isFinite)) change(values);
    });
  }
  return {
    nodes: [el("div", { class: "axes" }, ...fields.map((one) => one.node))],
    show: (value) => value.forEach((v, k) => (fields[k].field.value = v)),
  };
}

function several(control, change) {
  let now = [];
  const boxes = control.choices.map((option) => {
    const box = el("input", { type: "checkbox" });
    box.addEventListener("change", () => {
      change(box.checked ? [...now, option] : now.filter((one) => one !== option));
    });
    return { option, box, node: el("label", { class: "several-one" }, box, ` ${option.replaceAll("_", " ")}`) };
  });
  return {
    nodes: [el("div", { class: "several-list" }, ...boxes.map((one) => one.node))],
    show: (value) => {
      now = value;
      for (const { option, box } of boxes) box.checked = value.includes(option);
    },
  };
}

/** By kind, what makes the fields of a control: their nodes, and how they show a value. */
export const KINDS = { number: number(false), whole: number(true), spread, switch: toggle, choice, numbers, several };
