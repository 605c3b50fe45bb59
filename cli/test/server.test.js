// Against a real server: tests/cli/test_cli.py starts it, makes the token, and says what is there.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { folder, run } from "./run.js";

const { STACKSHARE_TEST_URL: url, STACKSHARE_TEST_TOKEN: token, STACKSHARE_TEST_READ_TOKEN: readToken } = process.env;
const skip = url ? false : "no server: run tests/cli/test_cli.py with pytest";
const env = { STACKSHARE_URL: url, STACKSHARE_TOKEN: token };
const project = { "api/requirements.txt": "flask==3.1\nnobody-knows==1\n", "web/package.json": '{"dependencies": {"react": "^19"}}', "src/app.py": "secret" };

test("scan shows what the site finds", { skip }, async (t) => {
  const { code, out, err } = await run(["scan", folder(t, project), "--yes"], { env: { STACKSHARE_URL: url } });
  assert.equal(code, 0, err);
  assert.match(out, /^Tool +Version +For +Seen in\n/);
  assert.match(out, /^flask +\S*3\.1 +runtime +api\/requirements\.txt:1$/m);
  assert.match(out, /\n2 tools\.\n$/);
  assert.match(err, /2 files, \d+ bytes:\n {2}api\/requirements\.txt\n {2}web\/package\.json\n/);
  assert.match(err, /1 package that the site knows no tool for/);
  assert.doesNotMatch(out + err, /app\.py|\u001b/);
});

test("scan prints JSON, and nothing else, to stdout", { skip }, async (t) => {
  const { code, out } = await run(["scan", folder(t, project), "--yes", "--json"], { env });
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out).tools, ["flask", "react"]);
});

test("scan sends a bill of materials instead", { skip }, async (t) => {
  const bom = { bomFormat: "CycloneDX", specVersion: "1.5", components: [{ type: "library", name: "flask", version: "3.1", purl: "pkg:pypi/flask@3.1" }] };
  const root = folder(t, { "bom.json": JSON.stringify(bom) });
  const { code, out, err } = await run(["scan", "--sbom", join(root, "bom.json"), "--yes", "--json"], { env });
  assert.equal(code, 0, err);
  assert.equal(JSON.parse(out).findings[0].tool, "flask");
});

test("a token that is none is said", { skip }, async (t) => {
  const { code, err } = await run(["scan", folder(t, project), "--yes"], { env: { ...env, STACKSHARE_TOKEN: "nonsense" } });
  assert.equal(code, 3);
  assert.match(err, /not one of ours/);
});

test("one signs in and out again", { skip }, async (t) => {
  const home = { STACKSHARE_URL: url, XDG_CONFIG_HOME: folder(t) };
  const file = join(home.XDG_CONFIG_HOME, "stackshare/config.json");
  const signedIn = await run(["login"], { env: home, input: `${token}\n` });
  assert.equal(signedIn.code, 0, signedIn.err);
  assert.match(signedIn.out, /as alice/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.doesNotMatch(signedIn.out + signedIn.err, new RegExp(token));
  assert.equal((await run(["logout"], { env: home })).code, 0);
  assert.doesNotMatch(readFileSync(file, "utf8"), /sst_/);
  const wrong = await run(["login"], { env: home, input: "sst_nonsense\n" });
  assert.equal(wrong.code, 3);
  assert.doesNotMatch(readFileSync(file, "utf8"), /sst_/);
});

test("a token that may only read is told apart", { skip }, async (t) => {
  const home = { STACKSHARE_URL: url, XDG_CONFIG_HOME: folder(t), STACKSHARE_TOKEN: readToken };
  const { code, err } = await run(["login"], { env: home });
  assert.equal(code, 0);
  assert.match(err, /may only read/);
  assert.equal((await run(["publish", folder(t, project), "--stack", "alice/rider", "--create", "Rider", "--yes"], { env: home })).code, 3);
});

test("publish creates a stack, then brings it up to date", { skip }, async (t) => {
  const missing = await run(["publish", folder(t, project), "--stack", "alice/shop", "--yes"], { env });
  assert.equal(missing.code, 4);
  assert.match(missing.err, /--create/);

  const created = await run(["publish", folder(t, project), "--stack", "alice/shop", "--create", "Shop", "--visibility", "unlisted", "--yes"], { env });
  assert.equal(created.code, 0, created.err);
  assert.equal(created.out, `${url}/stacks/alice/shop/\n`);
  assert.match(created.err, /^\+ Flask 3\.1$/m);

  const root = folder(t, { ...project, "api/requirements.txt": "flask==3.2\n", "web/package.json": "{}" });
  const changed = await run(["publish", root, "--stack", "alice/shop", "--yes", "--json"], { env });
  assert.equal(changed.code, 0, changed.err);
  const { stack, changes } = JSON.parse(changed.out);
  assert.deepEqual(changes.map((row) => [row.tool, row.change]).sort(), [["flask", "upgraded"], ["react", "gone"]]);
  assert.equal(stack.visibility, "unlisted");
  assert.match(changed.err, /^~ Flask 3\.1 → 3\.2$/m);
  assert.match(changed.err, /^- React/m);

  const same = await run(["publish", root, "--stack", "alice/shop", "--yes"], { env });
  assert.equal(same.code, 0, same.err);
  assert.match(same.err, /No tool was added/);
});

test("a stack of somebody else is refused", { skip }, async (t) => {
  const { code } = await run(["publish", folder(t, project), "--stack", "mallory/other", "--yes"], { env });
  assert.equal(code, 4);
});
