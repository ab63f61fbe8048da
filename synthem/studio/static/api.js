// Asking the server: the token of this start, one answer of a kind at a time, the newest alone.

const KEY = "synthem-studio-token";
const BUSY = [429, 503];
const AGAIN_MS = 400;
export const client = Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => (n % 36).toString(36)).join("");

/** The token of the address, which is then taken out of the address and the history. */
export function takeToken() {
  const given = new URLSearchParams(location.search).get("token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
  return Boolean(sessionStorage.getItem(KEY));
}

export class Refused extends Error {
  constructor(status, sentence, path) {
    super(sentence);
    this.status = status;
    this.path = path;
  }
}

/** Send a request; resolves to the response, or throws Refused with the server's sentence. */
export async function send(path, body, signal) {
  const headers = { "X-Synthem-Token": sessionStorage.getItem(KEY) ?? "" };
  const options = { headers, signal };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    options.method = "POST";
    options.body = JSON.stringify({ client, ...body });
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "the studio does not answer: is it still running in the terminal?");
  }
  if (!response.ok) {
    const said = await response.json().catch(() => ({}));
    throw new Refused(response.status, said.error ?? "the studio could not answer", said.path);
  }
  return response;
}

export const json = async (path, body, signal) => (await send(path, body, signal)).json();

/** Requests of one kind: a newer one aborts the older, and an answer that is stale is never given. */
export class Newest {
  #controller = null;
  #begun = 0;
  #timer = 0;

  constructor(patience = 0) {
    this.patience = patience; // ms for which what is under way is left alone, so that a drag shows something
  }

  /** Whether a request is under way. */
  get busy() {
    return this.#controller !== null;
  }

  /** Do `work(signal)`, then `done(result)`; only the newest call comes to that. */
  ask(work, done, failed) {
    clearTimeout(this.#timer);
    const left = this.#begun + this.patience - performance.now();
    if (this.#controller && left > 0) {
      this.waiting = () => this.#go(work, done, failed);
      this.#timer = setTimeout(() => this.#next(), left);
      return;
    }
    this.#go(work, done, failed);
  }

  #next() {
    const next = this.waiting;
    this.waiting = null;
    if (next) {
      clearTimeout(this.#timer);
      next();
    }
  }

  async #go(work, done, failed) {
    this.waiting = null;
    this.#controller?.abort();
    const controller = new AbortController();
    this.#controller = controller;
    this.#begun = performance.now();
    try {
      const result = await work(controller.signal);
      if (this.#controller === controller) done(result);
    } catch (error) {
      const stale = this.#controller !== controller || error.name === "AbortError" || error.status === 409;
      if (stale) return;
      if (BUSY.includes(error.status)) this.#timer = setTimeout(() => this.#go(work, done, failed), AGAIN_MS);
      else failed(error);
    } finally {
      if (this.#controller === controller) {
        this.#controller = null;
        this.#next();
      }
    }
  }
}

/** Take a picture apart: its head, the greys and the bits of the labels. */
export async function pixels(response) {
  const buffer = await response.arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const count = head.width * head.height;
  const image = new Uint8Array(buffer, 4 + length, count);
  const Kind = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[head.bytes];
  const bits = new Kind(buffer.slice(4 + length + count));
  return { ...head, image, bits };
}
