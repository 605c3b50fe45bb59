import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import test from "node:test";

import { proxyFor, retryAfter, send } from "../lib/http.js";

/** A server that answers by `answers` in turn; { url, requests }. */
async function serve(t, ...answers) {
  const requests = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      requests.push({ method: request.method, url: request.url, headers: request.headers, body });
      const answer = answers[Math.min(requests.length, answers.length) - 1];
      if (answer === "cut") return request.socket.destroy();
      if (answer === "silence") return undefined;
      const { status = 200, headers = {}, data = {} } = answer;
      response.writeHead(status, headers);
      return response.end(typeof data === "string" ? data : JSON.stringify(data));
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  return { url: new URL(`http://127.0.0.1:${server.address().port}`), requests };
}

const env = {};
const naps = () => {
  const waits = [];
  return { waits, sleep: async (ms) => void waits.push(ms) };
};

test("JSON goes out and comes in", async (t) => {
  const { url, requests } = await serve(t, { data: { ok: 1 } });
  const answer = await send(url, { method: "POST", data: { a: "ä" }, headers: { Authorization: "Bearer x" }, env });
  assert.deepEqual(answer.data, { ok: 1 });
  assert.equal(requests[0].body, '{"a":"ä"}');
  assert.equal(requests[0].headers["content-length"], "10");
  assert.equal(requests[0].headers.authorization, "Bearer x");
});

test("an answer that is no JSON has no data", async (t) => {
  const { url } = await serve(t, { status: 404, data: "<html>" });
  assert.deepEqual((await send(url, { env })).data, null);
});

test("429 is repeated after as long as it says, whatever the method", async (t) => {
  const { url, requests } = await serve(t, { status: 429, headers: { "Retry-After": "7" } }, { data: { ok: 1 } });
  const { waits, sleep } = naps();
  assert.equal((await send(url, { method: "POST", data: {}, env, sleep })).status, 200);
  assert.deepEqual([requests.length, waits], [2, [7000]]);
});

test("429 that asks for more than a minute is the answer", async (t) => {
  const { url, requests } = await serve(t, { status: 429, headers: { "Retry-After": "3600" } });
  assert.equal((await send(url, { env })).status, 429);
  assert.equal(requests.length, 1);
});

test("503 is repeated with growing waits, but not for ever", async (t) => {
  const { url, requests } = await serve(t, { status: 503 });
  const { waits, sleep } = naps();
  assert.equal((await send(url, { env, sleep })).status, 503);
  assert.equal(requests.length, 4);
  assert.ok(waits[0] >= 500 && waits[1] >= 1000 && waits[2] >= 2000);
});

for (const fault of [{ status: 502 }, "cut"]) {
  test(`a POST that may have been carried out is not repeated after ${JSON.stringify(fault)}`, async (t) => {
    const { url, requests } = await serve(t, fault, { data: { ok: 1 } });
    const answer = await send(url, { method: "POST", data: {}, env, sleep: async () => {} }).catch((error) => error);
    assert.equal(requests.length, 1);
    assert.ok(answer.status === 502 || answer.code === 1);
  });

  test(`a POST that changes nothing is repeated after ${JSON.stringify(fault)}`, async (t) => {
    const { url, requests } = await serve(t, fault, { data: { ok: 1 } });
    assert.equal((await send(url, { method: "POST", data: {}, again: true, env, sleep: async () => {} })).status, 200);
    assert.equal(requests.length, 2);
  });
}

test("a server that says nothing is given up", async (t) => {
  const { url } = await serve(t, "silence");
  await assert.rejects(send(url, { method: "POST", data: {}, timeout: 50, env }), { code: 1, message: /too long/ });
});

test("a server that is not there is said", async (t) => {
  const taken = net.createServer().listen(0, "127.0.0.1");
  await new Promise((done) => taken.once("listening", done));
  const { port } = taken.address();
  await new Promise((done) => taken.close(done));
  const { waits, sleep } = naps();
  await assert.rejects(send(new URL(`http://127.0.0.1:${port}`), { method: "POST", data: {}, env, sleep }), { code: 1, message: /can't be reached/ });
  assert.equal(waits.length, 3);
});

test("HTTP goes through the proxy of the environment", async (t) => {
  const proxy = await serve(t, { data: { ok: "by proxy" } });
  const answer = await send(new URL("http://stacks.invalid/api/"), { env: { HTTP_PROXY: `http://me:s%40cret@${proxy.url.host}` } });
  assert.deepEqual(answer.data, { ok: "by proxy" });
  assert.equal(proxy.requests[0].url, "http://stacks.invalid/api/");
  assert.equal(proxy.requests[0].headers.host, "stacks.invalid");
  assert.equal(proxy.requests[0].headers["proxy-authorization"], `Basic ${Buffer.from("me:s@cret").toString("base64")}`);
});

test("HTTPS goes through the proxy by CONNECT", async (t) => {
  const asked = [];
  const proxy = http.createServer();
  proxy.on("connect", (request, socket) => {
    asked.push(request.url);
    // No tunnel is needed to see that one was asked for, and TLS begun in it.
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    socket.once("data", (hello) => {
      asked.push(hello[0]);
      socket.destroy();
    });
  });
  await new Promise((done) => proxy.listen(0, "127.0.0.1", done));
  t.after(() => proxy.close());
  const options = { method: "POST", data: {}, env: { https_proxy: `127.0.0.1:${proxy.address().port}` } };
  await assert.rejects(send(new URL("https://stacks.invalid/"), options), { code: 1 });
  assert.deepEqual(asked, ["stacks.invalid:443", 22]);
});

test("a proxy that refuses is said", async (t) => {
  const proxy = http.createServer();
  proxy.on("connect", (request, socket) => socket.end("HTTP/1.1 407 No\r\n\r\n"));
  await new Promise((done) => proxy.listen(0, "127.0.0.1", done));
  t.after(() => proxy.close());
  const options = { env: { HTTPS_PROXY: `http://127.0.0.1:${proxy.address().port}` }, sleep: async () => {} };
  await assert.rejects(send(new URL("https://stacks.invalid/"), options), { code: 1, message: /407/ });
});

for (const [no, url, is] of [
  ["", "http://a.example/", true], ["*", "http://a.example/", false], ["a.example", "http://a.example/", false],
  [".example", "http://a.example/", false], ["example", "http://notexample/", true], ["a.example:81", "http://a.example/", true],
  ["a.example:80", "http://a.example/", false], ["b, 127.0.0.1", "http://127.0.0.1:8000/", false], ["[::1]", "http://[::1]:8000/", false],
]) {
  test(`NO_PROXY "${no}" sends ${url} ${is ? "by proxy" : "straight"}`, () => {
    assert.equal(proxyFor(new URL(url), { HTTP_PROXY: "http://proxy:3128", NO_PROXY: no }) !== null, is);
  });
}

test("a proxy that is none is wrong usage, and its password is not said", () => {
  assert.throws(() => proxyFor(new URL("http://a/"), { HTTP_PROXY: "socks5://me:secret@x" }), (error) => error.code === 2 && !error.message.includes("secret"));
});

test("Retry-After is seconds or a date", () => {
  assert.equal(retryAfter({ "retry-after": "3" }), 3000);
  assert.equal(retryAfter({ "retry-after": "Thu, 01 Jan 1970 00:00:10 GMT" }, 4000), 6000);
  assert.equal(retryAfter({ "retry-after": "soon" }), null);
  assert.equal(retryAfter({}), null);
});
