import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { find, read, single } from "../lib/files.js";
import { limits } from "../lib/rules.js";
import { folder } from "./run.js";

const paths = ({ files }) => files.map((file) => file.path);

test("manifests are found near the root first, and nothing else", async (t) => {
  const root = folder(t, {
    "web/package.json": "{}", "go.mod": "module x", "main.go": "package main", "README.md": "x",
    "node_modules/a/package.json": "{}", ".git/package.json": "{}", "web/examples/package.json": "{}",
  });
  const found = await find(root);
  assert.deepEqual(paths(found), ["go.mod", "web/package.json"]);
  assert.deepEqual(found.skipped, []);
});

test("what .gitignore names is left out, whole folders too", async (t) => {
  const root = folder(t, { ".gitignore": "secret/\n/go.mod\n", "secret/package.json": "{}", "go.mod": "x", "a/go.mod": "x", "a/.gitignore": "!go.mod" });
  assert.deepEqual(paths(await find(root)), ["a/go.mod"]);
});

test("symbolic links are not followed", async (t) => {
  const other = folder(t, { "package.json": "{}" });
  const root = folder(t, { "go.mod": "x" });
  symlinkSync(other, join(root, "linked"));
  symlinkSync(join(other, "package.json"), join(root, "package.json"));
  assert.deepEqual(paths(await find(root)), ["go.mod"]);
  await assert.rejects(read(root, [{ path: "package.json" }]));
});

test("what is too large is left out, and said", async (t) => {
  const root = folder(t, { "package.json": "x".repeat(limits.fileBytes + 1), "package-lock.json": "x".repeat(limits.fileBytes + 1) });
  const found = await find(root);
  assert.deepEqual(paths(found), ["package-lock.json"]);
  assert.match(found.skipped[0].reason, /larger than/);
});

test("no more is sent than fits in a request", async (t) => {
  const files = Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`${at}/package.json`, "x".repeat(900_000)]));
  const found = await find(folder(t, files));
  const sum = found.files.reduce((all, file) => all + file.bytes, 0);
  assert.ok(sum <= limits.totalBytes);
  assert.equal(found.files.length + found.skipped.length, 17);
  assert.match(found.skipped[0].reason, /in all/);
});

test("text is sent as it is, anything else as base64", async (t) => {
  const root = folder(t, { "package.json": "\ufeff{}", "go.mod": Buffer.from([0xff, 0xfe, 0x61, 0x00]) });
  assert.deepEqual(await read(root, [{ path: "package.json" }, { path: "go.mod" }]), [
    { path: "package.json", content: "\ufeff{}" },
    { path: "go.mod", content: "//5hAA==", encoding: "base64" },
  ]);
});

test("a bill of materials goes under its own name", async (t) => {
  const root = folder(t, { "out/bom.json": "{}" });
  const { files, sent } = await single(join(root, "out/bom.json"));
  assert.deepEqual(files, [{ path: "bom.json", bytes: 2 }]);
  assert.deepEqual(sent, [{ path: "bom.json", content: "{}" }]);
});

test("a folder that is not there is wrong usage", async () => {
  await assert.rejects(find("/nonexistent/folder"), { code: 2 });
  await assert.rejects(single("/nonexistent/bom.json"), { code: 2 });
});
