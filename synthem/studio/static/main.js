// The page: what the server tells of preset and sections, the panel, the views, and the keys.

import { json, takeToken } from "./api.js";
import { Panel } from "./controls.js";
import { el, tell } from "./dom.js";
import { Blind } from "./blind.js";
import { Compare } from "./compare.js";
import { Fit } from "./fit.js";
import { Leave } from "./leave.js";
import { Surface } from "./surface.js";
import { Tune } from "./tune.js";
import { Tuned } from "./tuned.js";

const VIEWS = [
  ["tune", "Tune", Tune],
  ["compare", "Compare", Compare],
  ["blind", "Blind test", Blind],
  ["fit", "Fit", Fit],
  ["surface", "3D", Surface],
  ["leave", "Leave with", Leave],
];

async function start() {
  const views = document.getElementById("views");
  if (!takeToken()) {
    document.getElementById("panel").hidden = true;
    views.append(el("p", { class: "nothing", text: "Open the address that the terminal shows: it holds a token that this page needs." }));
    return;
  }
  let about;
  try {
    about = await json("/api/about");
  } catch (error) {
    document.getElementById("panel").hidden = true;
    views.append(el("p", { class: "nothing", text: error.message }));
    return;
  }
  document.getElementById("preset-name").textContent = about.preset;
  document.getElementById("preset-name").title = about.title;
  document.title = `${about.preset}, synthem studio`;

  const tuned = new Tuned(about.groups, about.changes);
  const moved = new EventTarget();
  const shared = { seed: 0, place: { z: 137, y: 640, x: 640 }, moved: () => moved.dispatchEvent(new Event("moved")), places: moved };
  new Panel(about.groups, tuned);
  const made = Object.fromEntries(VIEWS.map(([id, , View]) => [id, new View(about, tuned, shared)]));
  const open = tabs(made, views);
  history_(tuned);
  keys(made.tune, made.blind, tuned, () => open.now);
  for (const sentence of about.real?.warnings ?? []) tell(sentence);
}

/** The tabs, by arrow keys too; each view is told when it is opened. */
function tabs(made, views) {
  const list = document.getElementById("tabs");
  const state = { now: "tune" };
  const buttons = VIEWS.map(([id, title]) => {
    const node = made[id].node;
    const tab = el("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `view-${id}` }, title);
    node.id = `view-${id}`;
    node.setAttribute("role", "tabpanel");
    node.setAttribute("aria-labelledby", tab.id);
    views.append(node);
    tab.addEventListener("click", () => show(id));
    return tab;
  });
  const show = (id) => {
    made[state.now].close?.();
    state.now = id;
    VIEWS.forEach(([other], k) => {
      const chosen = other === id;
      made[other].node.hidden = !chosen;
      buttons[k].setAttribute("aria-selected", String(chosen));
      buttons[k].tabIndex = chosen ? 0 : -1;
    });
    document.getElementById("panel").hidden = id === "blind";
    document.body.dataset.view = id;
    made[id].open?.();
  };
  list.append(...buttons);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const k = (buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length;
    buttons[k].focus();
    show(VIEWS[k][0]);
    event.preventDefault();
  });
  show("tune");
  return state;
}

function history_(tuned) {
  const undo = document.getElementById("undo");
  const redo = document.getElementById("redo");
  undo.addEventListener("click", () => tuned.undo());
  redo.addEventListener("click", () => tuned.redo());
  const update = () => {
    undo.disabled = !tuned.canUndo;
    redo.disabled = !tuned.canRedo;
  };
  tuned.addEventListener("change", update);
  update();
}

function keys(tune, blind, tuned, view) {
  const help = document.getElementById("help");
  document.getElementById("keys").addEventListener("click", () => help.showModal());
  const writes = (target) => target.matches("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select");
  document.addEventListener("keydown", (event) => {
    if (help.open) return;
    const control = event.ctrlKey || event.metaKey;
    const writing = writes(event.target);
    if (control && event.key.toLowerCase() === "z" && !(writing && event.target.type !== "number")) {
      event.preventDefault();
      if (event.shiftKey) tuned.redo();
      else tuned.undo();
      return;
    }
    if (control && event.key.toLowerCase() === "y") {
      event.preventDefault();
      tuned.redo();
      return;
    }
    if (writing || control || event.altKey) return;
    if (view() === "blind" && blind.key(event)) {
      event.preventDefault();
      return;
    }
    if (event.key === "/") {
      event.preventDefault();
      document.getElementById("search").focus();
    } else if (event.key === "?") help.showModal();
    else if (view() === "tune") tuneKey(tune, event);
  });
  document.addEventListener("keyup", (event) => {
    if (event.key.toLowerCase() === "b") tune.holdSaved(false);
  });
  window.addEventListener("blur", () => tune.holdSaved(false));
}

function tuneKey(tune, event) {
  const key = event.key.toLowerCase();
  if (key === "b") tune.holdSaved(true);
  else if (event.repeat) return;
  else if (key === "l") tune.toggleLabels();
  else if (key === "s") tune.newSeed();
  else if (key === "n") {
    tune.next();
    tune.nextReal();
  }
}

start();
