// Which files the server reads. wanted.json is written out of the server's own rules; see README.md.
import { readFileSync } from "node:fs";

const wanted = JSON.parse(readFileSync(new URL("../wanted.json", import.meta.url), "utf8"));
export const { limits } = wanted;

const special = /[.+^${}()|\\[\]]/g;

/** A glob as the server reads it: `*` and `?` stop at a slash, two stars and a slash stands for any folders and none. */
export function expression(glob) {
  const parts = glob.match(/\*\*\/|\*+|\?|\[[^\]/]+\]|[^]/g) ?? [];
  const source = parts.map((token) => {
    if (token === "**/") return "(?:[^/]+/)*";
    if (token.startsWith("**")) return ".*";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token.length > 2 && token.startsWith("[")) {
      const inner = token.slice(1, -1).replace(/[\\[^]/g, "\\$&");
      return inner.startsWith("!") && inner.length > 1 ? `[^${inner.slice(1)}]` : `[${inner}]`;
    }
    return token.replace(special, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`, "s");
}

// A pattern with a slash is matched with the end of the path, one without with the name of the file.
const compile = (patterns) => {
  const names = patterns.filter((pattern) => !pattern.includes("/"));
  const exact = new Set(names.filter((name) => !/[*?[]/.test(name)));
  return {
    exact,
    names: names.filter((name) => !exact.has(name)).map(expression),
    paths: patterns.filter((pattern) => pattern.includes("/")).map((pattern) => expression(`**/${pattern}`)),
  };
};
const matches = ({ exact, names, paths }, path) => {
  const lower = path.toLowerCase();
  const name = lower.slice(lower.lastIndexOf("/") + 1);
  return exact.has(name) || names.some((one) => one.test(name)) || paths.some((one) => one.test(lower));
};

const all = compile(wanted.patterns);
const long = compile(wanted.long);
const vendored = new Set(wanted.folders);
const vendor = new Set(wanted.vendor);
const ownParents = new Set(wanted.ownParents);
const templates = new Set(wanted.templates);

/** Whether the file stands in a folder that is brought in from elsewhere, built, or a sample. */
export function isLeftOut(path) {
  const parts = path.toLowerCase().split("/");
  const name = parts.pop();
  return parts.some((folder, at) =>
    vendored.has(folder) || folder.includes("{{") || wanted.folderEndings.some((ending) => folder.endsWith(ending)) ||
    (vendor.has(folder) && !(at && ownParents.has(parts[at - 1]))) ||
    (templates.has(folder) && !wanted.usedAsTemplates.some((ending) => name.endsWith(ending))));
}

/** Whether nothing below the folder can be wanted. */
export const isLeftOutFolder = (path) => isLeftOut(`${path}/x${wanted.usedAsTemplates[0] ?? ""}`);

// Signs that no path should hold; the server refuses them.
const STRANGE = /[\p{C}\p{Zl}\p{Zp}\\]|(?! )\p{Zs}|^[A-Za-z]:|^\//u;

/** Whether the server reads the file: a manifest, a lock file, a configuration; never source code. */
export const isWanted = (path) =>
  !STRANGE.test(path) && [...path].length <= wanted.maxPath && !isLeftOut(path) && matches(all, path);

/** How many bytes of it the server reads. */
export const mostBytes = (path) => (matches(long, path) ? limits.longFileBytes : limits.fileBytes);

// These hold passwords more often than facts. Nothing needs them: `.env.example` says the same without.
const SECRET = /^(?:\.env(?:\..+)?|\.envrc|.+\.env|.+\.tfvars(?:\.json)?|\.npmrc|\.pypirc|\.netrc|id_[a-z0-9]+|.+\.(?:pem|key|p12|pfx))$/;
const HARMLESS = /(?:^|[._-])(?:example|sample|template|dist|defaults?)(?:$|[._-])/;

/** Whether the file's name says that it may hold passwords: then it is never sent. */
export function isSecret(path) {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return SECRET.test(name) && !HARMLESS.test(name);
}
