// From the arguments to a command.
import { parseArgs } from "node:util";

import * as commands from "./commands.js";
import { EXIT, Problem, usage } from "./problems.js";
import { version } from "./site.js";
import { Terminal, plain } from "./terminal.js";

const HELP = `stackshare: finds out what a project runs from its manifests, and shares it as a stack.

  stackshare scan [DIR]                       shows what the site finds; publishes nothing
  stackshare publish [DIR] --stack OWNER/SLUG brings a stack to what the files show
  stackshare login                            stores a token for the site
  stackshare logout                           forgets it

Only manifests, lock files and configurations are sent, never source code, and nothing before you agree.

Options
  --url URL          the site; or set STACKSHARE_URL
  --dry-run          list what would be sent, and send nothing
  --yes              agree beforehand; needed where there is no terminal
  --json             print JSON
  --sbom FILE        send this bill of materials (CycloneDX or SPDX, JSON) instead of files of DIR
  --all              scan: show small parts and what other packages bring along, too
  --create NAME      publish: create the stack, called NAME, if it is not there
  --visibility V     publish: of a new stack, public, unlisted or private
  --help, --version

Environment: STACKSHARE_URL, STACKSHARE_TOKEN, HTTPS_PROXY, HTTP_PROXY, NO_PROXY, NO_COLOR.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not signed in or not allowed, 4 refused by the site, 5 you said no.`;

const OPTIONS = {
  url: { type: "string" },
  "dry-run": { type: "boolean" },
  yes: { type: "boolean", short: "y" },
  json: { type: "boolean" },
  sbom: { type: "string" },
  all: { type: "boolean" },
  stack: { type: "string" },
  create: { type: "string" },
  visibility: { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
};
// What each command has a use for; `url`, `help` and `version` all have.
const USES = {
  scan: ["dry-run", "yes", "json", "sbom", "all"],
  publish: ["dry-run", "yes", "json", "sbom", "stack", "create", "visibility"],
  login: [],
  logout: [],
};

/** Runs the command and answers its exit code. */
export async function main(args, { terminal = new Terminal(), env = process.env } = {}) {
  // Who reads the list with `head` has enough at some point.
  terminal.stdout.on?.("error", (error) => process.exit(error.code === "EPIPE" ? 0 : 1));
  try {
    const { command, folder, options } = understood(args);
    if (options.version) return terminal.out(version), EXIT.OK;
    if (options.help || !command) return terminal.out(HELP), options.help ? EXIT.OK : EXIT.USAGE;
    return await commands[command]({ folder, options, terminal, env });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    terminal.note(`${terminal.paint("31", "stackshare:", terminal.stderr)} ${plain(error.message)}`);
    if (error.code === EXIT.USAGE) terminal.note("`stackshare --help` says more.");
    return error.code;
  }
}

/** The command, folder and options of the arguments. Raises `Problem`. */
export function understood(args) {
  let parsed;
  try {
    parsed = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw usage(error.message.split("\n")[0]);
  }
  const { values: options, positionals } = parsed;
  const [command = "", folder, ...more] = positionals;
  if (options.help || options.version || !command) return { command, folder: ".", options };
  if (!Object.hasOwn(USES, command)) throw usage(`There is no command ${command}.`);
  if (more.length || (folder !== undefined && !["scan", "publish"].includes(command))) {
    throw usage(`${command} takes ${command.startsWith("log") ? "no" : "one"} folder.`);
  }
  const useless = Object.keys(options).find((name) => name !== "url" && !USES[command].includes(name));
  if (useless) throw usage(`${command} has no use for --${useless}.`);
  if (options.sbom !== undefined && folder !== undefined) throw usage("Name a folder or --sbom, not both.");
  return { command, folder: folder ?? ".", options };
}
