import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { configFile, load, save, siteUrl, tokenFor } from "../lib/config.js";
import { folder } from "./run.js";

const none = { url: "", tokens: {} };

test("what is stored is read again, and by nobody else", async (t) => {
  const env = { XDG_CONFIG_HOME: join(folder(t), "new") };
  assert.deepEqual(await load(env), none);
  const config = { url: "https://a.example", tokens: { "https://a.example": "sst_x" } };
  await save(config, env);
  assert.deepEqual(await load(env), config);
  assert.equal(statSync(configFile(env)).mode & 0o777, 0o600);
});

test("a file that others could read is closed to them", async (t) => {
  const env = { XDG_CONFIG_HOME: folder(t) };
  mkdirSync(join(env.XDG_CONFIG_HOME, "stackshare"));
  writeFileSync(configFile(env), "{}", { mode: 0o644 });
  await save(none, env);
  assert.equal(statSync(configFile(env)).mode & 0o777, 0o600);
  assert.match(readFileSync(configFile(env), "utf8"), /tokens/);
});

test("a damaged file is said", async (t) => {
  const env = { XDG_CONFIG_HOME: folder(t, { "stackshare/config.json": "{" }) };
  await assert.rejects(load(env), { code: 1, message: /damaged/ });
});

test("the address is given, or of the environment, or the last", () => {
  const config = { url: "https://last.example", tokens: {} };
  assert.equal(siteUrl("https://given.example/x", config, { STACKSHARE_URL: "https://env.example" }).origin, "https://given.example");
  assert.equal(siteUrl("", config, { STACKSHARE_URL: "https://env.example" }).origin, "https://env.example");
  assert.equal(siteUrl("", config, {}).origin, "https://last.example");
});

for (const text of ["", "nonsense", "ftp://a.example", "https://me:secret@a.example"]) {
  test(`${JSON.stringify(text)} is no address of a site`, () => assert.throws(() => siteUrl(text, none, {}), { code: 2 }));
}

test("a token is for its site alone", () => {
  const config = { url: "", tokens: { "https://a.example": "sst_x" } };
  assert.equal(tokenFor(new URL("https://a.example"), config, {}), "sst_x");
  assert.equal(tokenFor(new URL("https://b.example"), config, {}), "");
  assert.equal(tokenFor(new URL("https://a.example"), config, { STACKSHARE_TOKEN: "sst_y" }), "sst_y");
});

test("a token is not sent without encryption, but to this machine", () => {
  const env = { STACKSHARE_TOKEN: "sst_x" };
  assert.throws(() => tokenFor(new URL("http://a.example"), none, env), { code: 2 });
  assert.equal(tokenFor(new URL("http://127.0.0.1:8000"), none, env), "sst_x");
  assert.throws(() => tokenFor(new URL("https://a.example"), none, { STACKSHARE_TOKEN: "sst\nx" }), { code: 2 });
});
