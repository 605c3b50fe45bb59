import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import test from "node:test";

import { Terminal } from "../lib/terminal.js";

/** A terminal at which somebody types `keys`; `shown()` is what it shows. */
function typed(keys) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode(on) { stdin.raw = on; } });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  stdin.write(keys);
  return { terminal: new Terminal({ stdin, stderr, stdout: new PassThrough(), env: {} }), stdin, shown: () => String(stderr.read() ?? "") };
}

for (const [keys, is] of [["y\n", true], ["YES\n", true], ["n\n", false], ["\n", false], ["yeah\n", false]]) {
  test(`${JSON.stringify(keys)} is ${is ? "yes" : "no"}`, async () => {
    const { terminal, shown } = typed(keys);
    assert.equal(await terminal.agrees("Send?", {}), is);
    assert.match(shown(), /Send\? \[y\/N\] /);
  });
}

test("who agreed beforehand is not asked", async () => {
  const { terminal, shown } = typed("");
  assert.equal(await terminal.agrees("Send?", { yes: true }), true);
  assert.equal(shown(), "");
});

test("a secret is typed without being shown, and can be corrected", async () => {
  const { terminal, stdin, shown } = typed("sst_ax\u007fbc\r");
  assert.equal(await terminal.secret("Token: "), "sst_abc");
  assert.equal(shown(), "Token: \n");
  assert.equal(stdin.raw, false);
});

test("who breaks off stores nothing", async () => {
  const { terminal, stdin } = typed("sst\u0003");
  await assert.rejects(terminal.secret("Token: "), { code: 130 });
  assert.equal(stdin.raw, false);
});

test("what goes on is said and taken away again", async () => {
  const { terminal, shown } = typed("");
  assert.equal(await terminal.during("Reading", async () => 1), 1);
  assert.equal(shown(), "Reading …\r\u001b[K");
});
