// The site's API, as far as it is used here: https://…/api/v1/schema/ describes all of it.
import { readFileSync } from "node:fs";

import { send } from "./http.js";
import { EXIT, Problem } from "./problems.js";
import { plain } from "./terminal.js";

export const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

// As the server reads at most; it says so itself where it is less.
const MAX_BODY_BYTES = 20_000_000;

export class Site {
  constructor({ url, token = "", env = process.env, timeout }) {
    Object.assign(this, { url, token, env, timeout });
  }

  /** What the address answers. Raises `Problem` unless it is a status of `expected`; 404 as null if that is among them. */
  async ask(path, { expected = [200], ...options } = {}) {
    const headers = { "User-Agent": `stackshare/${version} node/${process.versions.node}` };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const answer = await send(new URL(path, this.url), { ...options, headers, env: this.env, ...(this.timeout && { timeout: this.timeout }) });
    if (!expected.includes(answer.status)) throw refusal(answer, this);
    if (answer.status === 404) return null;
    if (answer.status !== 204 && (answer.data === null || typeof answer.data !== "object")) {
      throw new Problem(EXIT.ERROR, `${this.url.origin} does not answer as a StackShare site does. Is the address right?`);
    }
    return answer.data;
  }

  me = () => this.ask("/api/v1/me/");

  detect = (files) => this.ask("/api/v1/detect", { method: "POST", data: bounded({ files }), again: true });

  stack = (owner, slug) => this.ask(stackPath(owner, slug), { expected: [200, 404] });

  createStack = (data) => this.ask("/api/v1/stacks/", { method: "POST", data, expected: [201] });

  createReading = (data) => this.ask("/api/v1/readings/", { method: "POST", data: bounded(data), expected: [201] });

  // A reading is published once, so that to ask twice is harmless.
  publish = (id, stack) => this.ask(`/api/v1/readings/${id}/publish/`, { method: "POST", data: { stack }, again: true });
}

export const stackPath = (owner, slug) => `/api/v1/stacks/${encodeURIComponent(owner)}/${encodeURIComponent(slug)}/`;

function bounded(data) {
  if (Buffer.byteLength(JSON.stringify(data)) > MAX_BODY_BYTES) {
    throw new Problem(EXIT.REFUSED, "The files are too large for one request. Name the folder of one part of the project.");
  }
  return data;
}

/** The problem that an answer is. */
function refusal({ status, headers, data }, site) {
  const words = sentences(data) || `${site.url.origin} answers ${status}.`;
  if (status === 401 || status === 403) {
    const advice = site.token ? "" : " Run `stackshare login`, or set STACKSHARE_TOKEN.";
    return new Problem(EXIT.SIGNED_OUT, words + advice);
  }
  if (status >= 300 && status < 400) {
    return new Problem(EXIT.ERROR, `${site.url.origin} leads on to ${plain(headers.location)}. Give that address with --url.`);
  }
  return new Problem(status >= 500 ? EXIT.ERROR : EXIT.REFUSED, words);
}

/** The sentences of an error: of `detail`, or of each field. */
export function sentences(data, name = "") {
  if (typeof data === "string") return (name && name !== "detail" ? `${name}: ` : "") + plain(data);
  if (Array.isArray(data)) return data.map((one) => sentences(one, name)).filter(Boolean).slice(0, 5).join(" ");
  if (data && typeof data === "object") {
    return Object.entries(data).map(([key, one]) => sentences(one, key)).filter(Boolean).slice(0, 5).join(" ");
  }
  return "";
}
