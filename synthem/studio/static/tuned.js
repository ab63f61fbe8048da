// The preset that is being tuned: what was changed, by dotted path; undo and redo.

const TOGETHER_MS = 700; // moves of one slider within this time are undone together

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export class Tuned extends EventTarget {
  #past = [];
  #future = [];
  #lastPath = null;
  #lastTime = 0;

  constructor(groups, changes) {
    super();
    this.saved = new Map();
    this.controls = new Map();
    this.blocks = new Map();
    this.#collect(groups);
    this.changes = { ...changes };
  }

  #collect(groups) {
    for (const group of groups) {
      if (group.optional) this.blocks.set(group.path, group);
      for (const control of group.controls) {
        this.saved.set(control.path, control.value);
        this.controls.set(control.path, control);
      }
      this.#collect(group.groups);
    }
  }

  get count() {
    return Object.keys(this.changes).length;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  value(path) {
    return path in this.changes ? this.changes[path] : this.saved.get(path);
  }

  isChanged(path) {
    return path in this.changes;
  }

  /** How many values at or below a path were changed. */
  countBelow(path) {
    return Object.keys(this.changes).filter((key) => key === path || key.startsWith(`${path}.`) || path === "").length;
  }

  isOn(group) {
    if (!group.optional) return true;
    return group.path in this.changes ? this.changes[group.path] !== null : group.on;
  }

  /** Set a value; what equals the saved one is no change. */
  set(path, value) {
    const next = { ...this.changes };
    this.#put(next, path, value);
    this.#move(next, path);
  }

  /** Set several values as one step. */
  setAll(pairs) {
    const next = { ...this.changes };
    for (const [path, value] of pairs) this.#put(next, path, value);
    this.#move(next, null);
  }

  #put(next, path, value) {
    const block = this.blocks.get(path);
    if (block || (value && typeof value === "object" && !Array.isArray(value) && !this.controls.has(path))) {
      for (const key of Object.keys(next)) if (key.startsWith(`${path}.`)) delete next[key];
    }
    if (block ? block.on && value !== null && same(value, block.template) : same(value, this.saved.get(path))) {
      delete next[path];
    } else if (block && !block.on && value === null) {
      delete next[path];
    } else {
      next[path] = value;
    }
  }

  reset(path) {
    const next = { ...this.changes };
    for (const key of Object.keys(next)) if (key === path || key.startsWith(`${path}.`)) delete next[key];
    this.#move(next, null);
  }

  resetAll() {
    this.#move({}, null);
  }

  #move(next, path) {
    if (same(next, this.changes)) return;
    const now = performance.now();
    const together = path !== null && path === this.#lastPath && now - this.#lastTime < TOGETHER_MS;
    if (!together) this.#past.push(this.changes);
    if (this.#past.length > 500) this.#past.shift();
    this.#future = [];
    this.#lastPath = path;
    this.#lastTime = now;
    this.changes = next;
    this.lastSet = path;
    this.#changed();
  }

  undo() {
    if (!this.canUndo) return;
    this.#future.push(this.changes);
    this.changes = this.#past.pop();
    this.#lastPath = null;
    this.#changed();
  }

  redo() {
    if (!this.canRedo) return;
    this.#past.push(this.changes);
    this.changes = this.#future.pop();
    this.#lastPath = null;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  /** Say which value the server refuses, and why; nothing where all are allowed. */
  refuse(path, sentence) {
    const place = path && (this.controls.has(path) || this.blocks.has(path)) ? path : this.lastSet;
    this.dispatchEvent(new CustomEvent("refused", { detail: { path: place, sentence } }));
  }
}
