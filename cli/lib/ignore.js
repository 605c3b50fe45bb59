// .gitignore files, as https://git-scm.com/docs/gitignore describes them.
import { expression } from "./rules.js";

// One of more lines is no list that a person wrote.
const MAX_LINES = 5000;

/** The rules of a .gitignore: [{ test(path, isFolder) → boolean, keeps }], paths relative to its folder. */
export function parse(text) {
  return text.split(/\r?\n/).slice(0, MAX_LINES).flatMap((line) => {
    line = line.replace(/(?<!\\)\s+$/, "");
    if (!line || line.startsWith("#") || line.length > 500) return [];
    const keeps = line.startsWith("!");
    let glob = (keeps ? line.slice(1) : line).replace(/^\\([#!])/, "$1").replace(/\\(.)/g, "$1");
    const folderOnly = glob.endsWith("/");
    if (folderOnly) glob = glob.slice(0, -1);
    const anchored = glob.includes("/");
    glob = glob.replace(/^\//, "").replace(/\/\*\*$/, "/*").replace(/\*{3,}/g, "**");
    if (!glob) return [];
    // More stars than anybody needs cost more time than anybody has.
    if ((glob.match(/\*/g) ?? []).length > 10) return [];
    const whole = expression(glob);
    const test = (path, isFolder) =>
      (isFolder || !folderOnly) && whole.test(anchored ? path : path.slice(path.lastIndexOf("/") + 1));
    return [{ test, keeps }];
  });
}

/**
 * Whether `path` is ignored by lists of rules from the root down: [{ base: "folder/", rules }]. The last rule that
 * matches decides.
 */
export function isIgnored(lists, path, isFolder) {
  let ignored = false;
  for (const { base, rules } of lists) {
    const below = path.slice(base.length);
    for (const rule of rules) if (rule.test(below, isFolder)) ignored = !rule.keeps;
  }
  return ignored;
}
