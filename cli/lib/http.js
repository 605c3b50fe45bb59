// JSON over HTTP with time limits, retries and proxies. Node's own modules only.
import http from "node:http";
import https from "node:https";
import tls from "node:tls";

import { EXIT, Problem } from "./problems.js";

const TIMEOUT_MS = 60_000;
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 500;
// Who is told to wait longer does better to come again later.
const MAX_WAIT_MS = 60_000;
const MAX_ANSWER_BYTES = 30_000_000;
// Before anything was sent, so that nothing can have been carried out.
const NEVER_ARRIVED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH"]);
const PASSING = new Set([500, 502, 503, 504]);

/** The proxy for `url` by the environment, or null. */
export function proxyFor(url, env = process.env) {
  const get = (name) => env[name.toLowerCase()] || env[name] || "";
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  for (let entry of get("NO_PROXY").toLowerCase().split(/[\s,]+/).filter(Boolean)) {
    if (entry === "*") return null;
    const own = /^(.*[^:]):(\d+)$/.exec(entry);
    if (own && !entry.endsWith("]")) {
      if (own[2] !== port) continue;
      entry = own[1];
    }
    entry = entry.replace(/^\*?\./, "").replace(/^\[|\]$/g, "");
    if (host === entry || host.endsWith(`.${entry}`)) return null;
  }
  const proxy = get(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") || get("ALL_PROXY");
  if (!proxy) return null;
  try {
    const address = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`);
    if (["http:", "https:"].includes(address.protocol)) return address;
  } catch {
    // Said below.
  }
  throw new Problem(EXIT.USAGE, `The proxy of the environment is no http address: ${proxy.replace(/\/\/.*@/, "//")}`);
}

const proxyHeaders = (proxy) =>
  proxy.username
    ? { "Proxy-Authorization": `Basic ${Buffer.from(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`).toString("base64")}` }
    : {};

/** How node's `request` reaches `url`: options, by the proxy if there is one. */
async function route(url, env, timeout) {
  const proxy = proxyFor(url, env);
  if (!proxy) return { client: url.protocol === "https:" ? https : http, options: {}, target: url };
  const client = proxy.protocol === "https:" ? https : http;
  if (url.protocol === "http:") {
    const headers = { ...proxyHeaders(proxy), Host: url.host };
    return { client, options: { path: url.href, headers }, target: proxy };
  }
  const host = `${url.hostname}:${url.port || 443}`;
  const socket = await new Promise((resolve, reject) => {
    const request = client.request({
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
      method: "CONNECT",
      path: host,
      headers: { Host: host, ...proxyHeaders(proxy) },
      timeout,
    });
    request.once("connect", (answer, tunnel) => {
      if (answer.statusCode === 200) resolve(tunnel);
      else {
        tunnel.destroy();
        reject(Object.assign(new Error(`The proxy answers ${answer.statusCode}.`), { code: "ECONNREFUSED" }));
      }
    });
    request.once("timeout", () => request.destroy(new Error("The proxy does not answer.")));
    request.once("error", reject);
    request.end();
  });
  const createConnection = () => tls.connect({ socket, servername: url.hostname });
  return { client: https, options: { createConnection }, target: url };
}

async function once(url, { method, headers, body, timeout, env }) {
  const { client, options, target } = await route(url, env, timeout);
  return new Promise((resolve, reject) => {
    const request = client.request(target, { method, ...options, headers: { ...headers, ...options.headers } });
    const timer = setTimeout(() => request.destroy(Object.assign(new Error("It took too long."), { code: "ETIMEDOUT" })), timeout);
    const fail = (error) => {
      clearTimeout(timer);
      reject(error);
    };
    request.once("error", fail);
    request.once("response", (response) => {
      const chunks = [];
      let length = 0;
      response.on("data", (chunk) => {
        length += chunk.length;
        if (length > MAX_ANSWER_BYTES) request.destroy(new Error("The answer is too large."));
        else chunks.push(chunk);
      });
      response.once("error", fail);
      response.once("aborted", () => fail(Object.assign(new Error("The connection was cut."), { code: "ECONNRESET" })));
      response.once("end", () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString("utf8") });
      });
    });
    request.end(body);
  });
}

/** Milliseconds that the answer asks to wait, or null. */
export function retryAfter(headers, now = Date.now()) {
  const value = headers["retry-after"];
  if (!value) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/**
 * Send JSON and answer { status, headers, data }. `again`: the request changes nothing, or nothing more when it is
 * sent twice, so that it is repeated after any passing fault; others only where it can't have been carried out.
 * Raises `Problem` where no answer came.
 */
export async function send(url, { method = "GET", data, headers = {}, again = method !== "POST", timeout = TIMEOUT_MS, env = process.env, sleep = (ms) => new Promise((done) => setTimeout(done, ms)) } = {}) {
  const body = data === undefined ? undefined : Buffer.from(JSON.stringify(data));
  const all = { Accept: "application/json", ...headers };
  if (body) Object.assign(all, { "Content-Type": "application/json", "Content-Length": body.length });
  for (let attempt = 1; ; attempt++) {
    let wait = FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + Math.random() / 2);
    try {
      const answer = await once(url, { method, headers: all, body, timeout, env });
      const asked = retryAfter(answer.headers);
      const mayRepeat = answer.status === 429 || (again && PASSING.has(answer.status));
      if (!mayRepeat || attempt === ATTEMPTS || (asked ?? 0) > MAX_WAIT_MS) return parsed(answer);
      wait = asked ?? wait;
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (attempt === ATTEMPTS || !(again || NEVER_ARRIVED.has(error.code)) || error.code === "CERT_HAS_EXPIRED") {
        throw new Problem(EXIT.ERROR, `${url.origin} can't be reached: ${error.message || error.code}`);
      }
    }
    await sleep(wait);
  }
}

function parsed({ status, headers, text }) {
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    // An error page of something in between.
  }
  return { status, headers, data };
}
