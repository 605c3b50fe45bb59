import assert from "node:assert/strict";
import test from "node:test";

import { understood } from "../lib/main.js";
import { sentences } from "../lib/site.js";
import { Terminal, plain, size } from "../lib/terminal.js";
import { folder, run } from "./run.js";

for (const args of [["nonsense"], ["scan", "a", "b"], ["login", "x"], ["scan", "--stack", "a/b"], ["scan", "--nonsense"],
  ["scan", "x", "--sbom", "y"], ["constructor"]]) {
  test(`${args.join(" ")} is wrong usage`, () => assert.throws(() => understood(args), { code: 2 }));
}

test("without a folder it is this one", () => assert.equal(understood(["scan"]).folder, "."));

test("the version and the help are said", async () => {
  assert.match((await run(["--version"])).out, /^\d+\.\d+\.\d+\n$/);
  assert.match((await run(["--help"])).out, /publish \[DIR\]/);
  assert.equal((await run([])).code, 2);
});

test("a dry run lists the files and needs no address", async (t) => {
  const root = folder(t, { "package.json": "{}", "package-lock.json": "", "index.js": "x" });
  const { code, out, err } = await run(["scan", root, "--dry-run"]);
  assert.deepEqual([code, err], [0, ""]);
  assert.equal(out, "2 files, 2 bytes:\n  package-lock.json\n  package.json\n");
  const json = JSON.parse((await run(["scan", root, "--dry-run", "--json"])).out);
  assert.deepEqual(json.files.map((file) => file.path), ["package-lock.json", "package.json"]);
});

test("without a terminal it asks nobody and sends nothing", async (t) => {
  const root = folder(t, { "package.json": "{}" });
  const { code, err } = await run(["scan", root], { env: { STACKSHARE_URL: "http://127.0.0.1:1" }, input: "y\n" });
  assert.equal(code, 2);
  assert.match(err, /Add --yes/);
});

test("without an address it says how to give one", async (t) => {
  const { code, err } = await run(["scan", folder(t, { "package.json": "{}" }), "--yes"]);
  assert.equal(code, 2);
  assert.match(err, /STACKSHARE_URL/);
});

test("a folder without manifests is an error", async (t) => {
  const { code, err } = await run(["scan", folder(t, { "a.txt": "" }), "--yes"]);
  assert.equal(code, 1);
  assert.match(err, /No manifest/);
});

for (const [args, code] of [[[], 2], [["--stack", "x"], 2], [["--stack", "a/b", "--visibility", "x"], 2], [["--stack", "a/b"], 3]]) {
  test(`publish ${args.join(" ")} ends with ${code}`, async (t) => {
    const root = folder(t, { "package.json": "{}" });
    assert.equal((await run(["publish", root, ...args], { env: { STACKSHARE_URL: "http://127.0.0.1:1" } })).code, code);
  });
}

test("a site that is not there is an error", async (t) => {
  // Port 9 answers nobody; a refused connection is tried again for some seconds, so a closed address is used.
  const { code, err } = await run(["login", "--url", "http://stacks.invalid"], { env: { STACKSHARE_TOKEN: "x" } });
  assert.equal(code, 2);
  assert.match(err, /not encrypted/);
});

test("signs that steer a terminal are taken out", () => assert.equal(plain("a\u001b[2J\u202eb\n"), "a\ufffd[2J\ufffdb\ufffd"));

test("columns are as wide as what stands in them", () => {
  const terminal = new Terminal({ env: {} });
  terminal.hasColour = () => false;
  assert.equal(terminal.table(["A", "B"], [["long", "x"], ["é", ""]]), "A     B\nlong  x\né");
});

test("colours are for terminals that want them", () => {
  const colour = (env, isTTY) => new Terminal({ env }).hasColour({ isTTY });
  assert.deepEqual([colour({}, true), colour({ NO_COLOR: "1" }, true), colour({ TERM: "dumb" }, true), colour({}, false)], [true, false, false, false]);
});

test("sizes are said as people do", () => assert.deepEqual([size(999), size(1500), size(2_000_000)], ["999 bytes", "1.5 KB", "2.0 MB"]));

test("errors by field are sentences", () => {
  assert.equal(sentences({ detail: "No." }), "No.");
  assert.equal(sentences({ stack: ["No such.", "Really."], files: [{}, { content: ["Bad."] }] }), "stack: No such. stack: Really. content: Bad.");
  assert.equal(sentences(null), "");
});
