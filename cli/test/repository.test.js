import assert from "node:assert/strict";
import test from "node:test";

import { nameOf, origin } from "../lib/repository.js";
import { folder } from "./run.js";

const config = (url) => `[core]\n\tbare = false\n[remote "other"]\n\turl = https://github.com/x/y\n[remote "origin"]\n\turl = ${url}\n\tfetch = +refs\n[branch "main"]\n`;

for (const [url, name] of [
  ["https://github.com/acme/rider.git", "acme/rider"], ["git@github.com:acme/rider.git", "acme/rider"],
  ["https://me:secret@github.com/acme/rider", "acme/rider"], ["ssh://git@github.com/acme/rider", "acme/rider"],
  ["https://gitlab.com/acme/rider", ""], ["https://github.com/acme", ""], ["https://github.com/a b/c", ""],
]) {
  test(`${url} is ${name || "no repository of GitHub"}`, () => assert.equal(nameOf(config(url)), name));
}

test("a build says which repository and commit it is of", async (t) => {
  const root = folder(t, { ".git/config": config("https://github.com/acme/rider") });
  assert.deepEqual(await origin(root, { GITHUB_REPOSITORY: "acme/fork", GITHUB_SHA: "a".repeat(40) }), { repository: "acme/fork", commit: "a".repeat(40) });
  assert.deepEqual(await origin(root, { GITHUB_REPOSITORY: "non sense" }), { repository: "acme/rider" });
  assert.deepEqual(await origin(folder(t), {}), {});
});
