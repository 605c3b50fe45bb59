import assert from "node:assert/strict";
import test from "node:test";

import { isIgnored, parse } from "../lib/ignore.js";
import { isLeftOut, isSecret, isWanted, limits, mostBytes } from "../lib/rules.js";

for (const path of ["package.json", "web/Package.JSON", "a/requirements/base.txt", ".github/workflows/ci.yml", "x/Dockerfile.prod"]) {
  test(`${path} is wanted`, () => assert.equal(isWanted(path), true));
}

for (const path of ["src/main.py", "README.md", "node_modules/a/package.json", "examples/x/package.json", "vendor/a/go.mod",
  "a\u0007/package.json", "C:/package.json", "a\\package.json", `${"x".repeat(300)}/package.json`, "{{ name }}/package.json"]) {
  test(`${JSON.stringify(path.slice(0, 40))} is not wanted`, () => assert.equal(isWanted(path), false));
}

test("a vendor folder beside apps is one's own", () => assert.equal(isLeftOut("apps/vendor/package.json"), false));

test("a lock file may be long, a manifest not", () => {
  assert.equal(mostBytes("a/package-lock.json"), limits.longFileBytes);
  assert.equal(mostBytes("a/package.json"), limits.fileBytes);
});

for (const [path, is] of [[".env", true], ["a/.env.production", true], [".env.example", false], ["sample.env", false],
  ["prod.tfvars", true], ["server.pem", true], ["package.json", false], [".npmrc", true]]) {
  test(`${path} is ${is ? "" : "not "}taken for a secret`, () => assert.equal(isSecret(path), is));
}

const ignored = (text, path, isFolder = false) => isIgnored([{ base: "", rules: parse(text) }], path, isFolder);

for (const [text, path, is] of [
  ["*.lock", "a/yarn.lock", true],
  ["/build.sbt", "a/build.sbt", false],
  ["/build.sbt", "build.sbt", true],
  ["a/*.json", "a/package.json", true],
  ["a/*.json", "a/b/package.json", false],
  ["a/**/package.json", "a/b/c/package.json", true],
  ["package.json\n!web/package.json", "web/package.json", false],
  ["package.json\n!web/package.json", "package.json", true],
  ["# package.json", "package.json", false],
  ["\\#package.json", "#package.json", true],
  ["package.json   ", "package.json", true],
  ["tmp/", "tmp", false],
  ["", "package.json", false],
  ["[pq]ackage.json", "package.json", true],
]) {
  test(`.gitignore ${JSON.stringify(text)} ${is ? "ignores" : "keeps"} ${path}`, () => assert.equal(ignored(text, path), is));
}

test(".gitignore with a slash at its end is of folders", () => assert.equal(ignored("tmp/", "tmp", true), true));

test(".gitignore of a folder is of what is below it", () => {
  assert.equal(isIgnored([{ base: "web/", rules: parse("/package.json") }], "web/package.json", false), true);
});

test(".gitignore with more stars than anybody needs costs no time", () => {
  assert.equal(ignored(`${"*a".repeat(200)}b`, "a".repeat(5000)), false);
});
