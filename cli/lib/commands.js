// What the commands do. Each takes { folder, options, terminal, env } and answers an exit code.
import { configFile, load, save, siteUrl, tokenFor } from "./config.js";
import { find, read, single } from "./files.js";
import { EXIT, Problem, usage } from "./problems.js";
import { origin } from "./repository.js";
import { Site } from "./site.js";
import { plain, size } from "./terminal.js";

const STACK = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\/[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

async function signedIn({ options, env }, { needed = true } = {}) {
  const config = await load(env);
  const url = siteUrl(options.url, config, env);
  const token = tokenFor(url, config, env);
  if (needed && !token) {
    throw new Problem(EXIT.SIGNED_OUT, `There is no token for ${url.origin}. Run \`stackshare login\`, or set STACKSHARE_TOKEN.`);
  }
  return new Site({ url, token, env });
}

/** The files to send: { files, skipped, sent() }; listed for the person. */
async function chosen({ folder, options, terminal }) {
  const { files, skipped, sent } = options.sbom === undefined
    ? { ...(await find(folder)), sent: null }
    : await single(options.sbom);
  if (!files.length && !options["dry-run"]) {
    throw new Problem(EXIT.ERROR, `No manifest, lock file or configuration that is read was found in ${folder}.`);
  }
  return { files, skipped, contents: async () => sent ?? read(folder, files) };
}

function list({ files, skipped }, print) {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  print(`${files.length} file${files.length === 1 ? "" : "s"}, ${size(bytes)}:`);
  for (const file of files) print(`  ${plain(file.path)}`);
  if (skipped.length) print("Left out:");
  for (const { path, reason } of skipped) print(`  ${plain(path)}: ${reason}`);
}

function dryRun({ options, terminal }, chosenFiles) {
  const { files, skipped } = chosenFiles;
  if (options.json) terminal.out(JSON.stringify({ files, skipped }, null, 2));
  else list(chosenFiles, (line) => terminal.out(line));
  return EXIT.OK;
}

export async function scan(context) {
  const { options, terminal } = context;
  const files = await chosen(context);
  if (options["dry-run"]) return dryRun(context, files);
  const site = await signedIn(context, { needed: false });
  list(files, (line) => terminal.note(line));
  if (!(await terminal.agrees(`Send them to ${site.url.origin}? Nothing of it is kept there.`, options))) return declined(terminal);
  const sent = await files.contents();
  const report = await terminal.during("Reading", () => site.detect(sent));
  if (options.json) return terminal.out(JSON.stringify(report, null, 2)), EXIT.OK;
  const named = new Set(report.tools);
  const best = new Map();
  for (const finding of report.findings) if (!best.has(finding.tool)) best.set(finding.tool, finding);
  const rows = [...best.values()].filter((finding) => options.all || named.has(finding.tool));
  if (rows.length) {
    terminal.out(terminal.table(["Tool", "Version", "For", "Seen in"], rows.map((finding) =>
      [finding.tool, finding.version, finding.scope, finding.line ? `${finding.path}:${finding.line}` : finding.path])));
  }
  const more = best.size - rows.length;
  terminal.out(`${named.size} tool${named.size === 1 ? "" : "s"}${more ? `, and ${more} small or indirect (--all shows them)` : ""}.`);
  tellUnread(report, terminal);
  return EXIT.OK;
}

function tellUnread({ unread, unknown }, terminal) {
  for (const { path, reason } of unread) terminal.note(`Not read: ${plain(path)}: ${plain(reason)}`);
  if (unknown.length) terminal.note(`${unknown.length} package${unknown.length === 1 ? "" : "s"} that the site knows no tool for.`);
}

function declined(terminal) {
  terminal.note("Nothing was sent.");
  return EXIT.DECLINED;
}

const SIGNS = { added: ["32", "+"], upgraded: ["33", "~"], gone: ["31", "-"] };

export async function publish(context) {
  const { options, terminal } = context;
  if (!options.stack) throw usage("Say which stack: --stack owner/slug.");
  if (!STACK.test(options.stack)) throw usage(`A stack is named owner/slug, in lower case: ${options.stack} is not.`);
  if (options.visibility && !["public", "unlisted", "private"].includes(options.visibility)) {
    throw usage("--visibility is public, unlisted or private.");
  }
  const [owner, slug] = options.stack.split("/");
  const files = await chosen(context);
  if (options["dry-run"]) return dryRun(context, files);
  const site = await signedIn(context);
  const stack = await site.stack(owner, slug);
  if (!stack && !options.create) {
    throw new Problem(EXIT.REFUSED, `There is no stack ${options.stack} that you may see. Add --create "Its name" to create it.`);
  }
  list(files, (line) => terminal.note(line));
  if (!(await terminal.agrees(`Send them to ${site.url.origin}?`, options))) return declined(terminal);
  const sent = await files.contents();
  const from = options.sbom === undefined ? await origin(context.folder, context.env) : {};
  const reading = await terminal.during("Reading", () =>
    site.createReading({ files: sent, source: "cli", ...(stack && { stack: options.stack }), ...from }));
  const changes = reading.changes.filter((row) => row.change !== "same" && row.is_chosen);
  for (const { change, name, before, version } of changes) {
    const [colour, sign] = SIGNS[change] ?? ["0", "?"];
    const versions = change === "upgraded" ? `${before} → ${version}` : version || before;
    terminal.note(terminal.paint(colour, `${sign} ${plain(name)}${versions ? ` ${plain(versions)}` : ""}`, terminal.stderr));
  }
  if (!changes.length) terminal.note("No tool was added, upgraded or dropped.");
  tellUnread(reading, terminal);
  // Without a change only the evidence is renewed, which the person has agreed to by sending the files.
  if ((changes.length || !stack) && !(await terminal.agrees(`Publish to ${options.stack}?`, options))) {
    terminal.note(`Nothing was published. It waits for you at ${plain(reading.address)}`);
    return EXIT.DECLINED;
  }
  if (!stack) await create(site, { owner, slug, options });
  const published = await terminal.during("Publishing", () => site.publish(reading.id, options.stack));
  if (options.json) {
    terminal.out(JSON.stringify({ stack: published, changes, unread: reading.unread, unknown: reading.unknown }, null, 2));
  } else {
    terminal.out(plain(published.address));
  }
  return EXIT.OK;
}

async function create(site, { owner, slug, options }) {
  const me = await site.me();
  await site.createStack({
    name: options.create,
    slug,
    ...(owner !== me.username && { company: owner }),
    ...(options.visibility && { visibility: options.visibility }),
  });
}

export async function login({ options, terminal, env }) {
  const config = await load(env);
  const url = siteUrl(options.url, config, env);
  if (!env.STACKSHARE_TOKEN && terminal.isInteractive) {
    terminal.note(`Create a token that may read and write at ${url.origin}/settings/tokens/`);
  }
  const token = env.STACKSHARE_TOKEN || (await terminal.secret("Token: "));
  if (!token) throw usage("No token was given.");
  const site = new Site({ url, token: tokenFor(url, config, { STACKSHARE_TOKEN: token }), env });
  const me = await terminal.during("Asking", () => site.me());
  await save({ url: url.origin, tokens: { ...config.tokens, [url.origin]: site.token } }, env);
  terminal.out(`Signed in to ${url.origin} as ${plain(me.username)}. The token is in ${configFile(env)}`);
  if (me.token?.scope !== "write") terminal.note("It may only read: to publish, create one that may write, too.");
  return EXIT.OK;
}

export async function logout({ options, terminal, env }) {
  const config = await load(env);
  const url = siteUrl(options.url, config, env);
  const { [url.origin]: known, ...tokens } = config.tokens;
  if (known !== undefined) await save({ url: config.url === url.origin ? "" : config.url, tokens }, env);
  terminal.out(known === undefined ? `There was no token for ${url.origin}.` : `Forgotten. The token works until you revoke it at ${url.origin}/settings/tokens/`);
  return EXIT.OK;
}
