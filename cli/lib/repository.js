// Which repository the files are of, so that the site can tell the files of several that make one stack apart.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/;
const GITHUB = /^(?:https?:\/\/(?:[^@/\s]*@)?github\.com\/|(?:ssh:\/\/)?git@github\.com[:/])([^/\s]+\/[^/\s]+?)(?:\.git)?\/?$/;

/** GitHub's owner/name out of the text of a .git/config: that of "origin"; "" if it is elsewhere. */
export function nameOf(config) {
  const section = /^\s*\[remote "origin"\]([^[]*)/m.exec(config)?.[1] ?? "";
  const name = GITHUB.exec(/^\s*url\s*=\s*(\S+)\s*$/m.exec(section)?.[1] ?? "")?.[1] ?? "";
  return NAME.test(name) ? name : "";
}

/** { repository, commit }, as far as a build on GitHub or the folder itself says. */
export async function origin(folder, env = process.env) {
  if (NAME.test(env.GITHUB_REPOSITORY ?? "")) {
    return { repository: env.GITHUB_REPOSITORY, ...(/^[0-9a-f]{40}$/.test(env.GITHUB_SHA ?? "") && { commit: env.GITHUB_SHA }) };
  }
  const repository = nameOf(await readFile(join(folder, ".git", "config"), "utf8").catch(() => ""));
  return repository ? { repository } : {};
}
