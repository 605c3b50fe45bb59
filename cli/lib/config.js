// What is kept between two runs: the address of the site, and a token for it.
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

import { EXIT, Problem, usage } from "./problems.js";

export function configFile(env = process.env) {
  const folder = env.XDG_CONFIG_HOME || (process.platform === "win32" && env.APPDATA) || join(homedir(), ".config");
  return join(folder, "stackshare", "config.json");
}

export async function load(env = process.env) {
  let text;
  try {
    text = await readFile(configFile(env), "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return { url: "", tokens: {} };
    throw new Problem(EXIT.ERROR, `${configFile(env)} can't be read: ${error.message}`);
  }
  try {
    const { url, tokens } = JSON.parse(text);
    return { url: typeof url === "string" ? url : "", tokens: { ...tokens } };
  } catch {
    throw new Problem(EXIT.ERROR, `${configFile(env)} is damaged. Delete it and sign in again.`);
  }
}

/** Written whole or not at all, and readable by its owner alone. */
export async function save(config, env = process.env) {
  const file = configFile(env);
  const fresh = `${file}.${process.pid}`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    await writeFile(fresh, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    await chmod(fresh, 0o600);
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw new Problem(EXIT.ERROR, `${file} can't be written: ${error.message}`);
  }
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** The site's address: `given`, the environment, or where one signed in last. Raises `Problem`. */
export function siteUrl(given, config, env = process.env) {
  const text = given || env.STACKSHARE_URL || config.url;
  if (!text) throw usage("Say which site: --url https://stacks.example.org, or set STACKSHARE_URL.");
  let url;
  try {
    url = new URL(text);
  } catch {
    throw usage(`This is no address: ${text}`);
  }
  if (!["http:", "https:"].includes(url.protocol)) throw usage("The address must begin with https://.");
  if (url.username || url.password) throw usage("Leave name and password out of the address.");
  return new URL(url.origin);
}

/** The token for the site: of the environment, or of the last sign-in there; "" without one. Raises `Problem`. */
export function tokenFor(url, config, env = process.env) {
  const token = (env.STACKSHARE_TOKEN || config.tokens[url.origin] || "").trim();
  if (token && url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    throw usage(`${url.origin} is not encrypted: a token sent there could be read on its way. Use https://.`);
  }
  if (/[^\x21-\x7e]/.test(token)) throw usage("The token holds signs that no token has.");
  return token;
}
