// Elements made by code: text is always text, never markup.

/** Make an element; properties that begin with "on" are listeners, "class" and "text" what they say. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Make an element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

let clearing = 0;

/** Tell a sentence, to a screen reader too; an error stays until the next. */
export function tell(text, isError = false) {
  const status = document.getElementById("status");
  status.textContent = text;
  status.classList.toggle("error", isError);
  status.classList.toggle("shown", Boolean(text));
  clearTimeout(clearing);
  if (!isError && text) clearing = setTimeout(() => status.classList.remove("shown"), 4000);
}

let last = 0;

/** A name for an element that another one refers to. */
export function name(prefix) {
  last += 1;
  return `${prefix}-${last}`;
}

/** How a value of a preset reads. */
export function shown(value) {
  if (value === null || value === undefined) return "left out";
  if (typeof value === "number") return String(Number(value.toPrecision(4))).replace("-", "−");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(shown).join(", ");
  if (typeof value === "object") {
    if ("mean" in value) return `${shown(value.mean)} ± ${shown(value.std)}`;
    if ("median" in value) return `${shown(value.median)} ×÷ ${shown(value.ratio)}`;
    if ("min" in value) return value.min === value.max ? shown(value.min) : `${shown(value.min)} – ${shown(value.max)}`;
    return "switched on";
  }
  return String(value);
}
