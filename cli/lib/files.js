// The files that are sent: found, bounded, read.
import { constants } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";

import { isIgnored, parse } from "./ignore.js";
import { EXIT, Problem, usage } from "./problems.js";
import { isLeftOutFolder, isSecret, isWanted, limits, mostBytes } from "./rules.js";

// Entries looked at before the folder is taken for none of a project: a home folder, a disk.
const MAX_ENTRIES = 300_000;
const MAX_IGNORE_BYTES = 200_000;

const depth = (path) => path.split("/").length;

/**
 * The files below `root` that the server reads, near the root first: { files: [{ path, bytes }], skipped: [{ path,
 * reason }] }. Symbolic links are not followed; what .gitignore names is left out.
 */
export async function find(root) {
  const found = [];
  const skipped = [];
  let entries = 0;

  async function walk(folder, above) {
    let rows;
    try {
      rows = await readdir(join(root, folder), { withFileTypes: true });
    } catch (error) {
      if (!folder) throw usage(`${root} can't be read: ${error.message}`);
      skipped.push({ path: folder, reason: "can't be opened" });
      return;
    }
    const lists = [...above];
    if (rows.some((row) => row.name === ".gitignore" && row.isFile())) {
      const text = await content(join(root, folder, ".gitignore"), MAX_IGNORE_BYTES).catch(() => Buffer.alloc(0));
      lists.push({ base: folder, rules: parse(text.toString("utf8")) });
    }
    for (const row of rows.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (++entries > MAX_ENTRIES) throw usage(`${root} holds more than ${MAX_ENTRIES} files. Name the folder of one project.`);
      const path = folder + row.name;
      if (row.isDirectory()) {
        if (row.name !== ".git" && !isLeftOutFolder(path) && !isIgnored(lists, path, true)) await walk(`${path}/`, lists);
      } else if (row.isFile() && isWanted(path) && !isIgnored(lists, path, false)) {
        found.push(path);
      }
    }
  }

  await walk("", []);
  found.sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
  const files = [];
  let total = 0;
  for (const path of found) {
    const skip = (reason) => skipped.push({ path, reason });
    if (isSecret(path)) {
      skip("may hold passwords");
      continue;
    }
    const { size } = await stat(join(root, path)).catch(() => ({ size: -1 }));
    if (size < 0) skip("can't be opened");
    else if (size > mostBytes(path)) skip(`is larger than ${mostBytes(path)} bytes`);
    else if (files.length >= limits.files) skip(`is more than the ${limits.files} files that are sent`);
    else if (total + size > limits.totalBytes) skip(`is more than the ${limits.totalBytes} bytes that are sent in all`);
    else {
      total += size;
      files.push({ path, bytes: size });
    }
  }
  return { files, skipped };
}

/** What is sent of `files`: [{ path, content, encoding? }]. */
export async function read(root, files) {
  const sent = [];
  for (const { path } of files) sent.push(packed(path, await content(join(root, path), mostBytes(path))));
  return sent;
}

/** One file by itself, such as a bill of materials, under its own name. */
export async function single(path) {
  const data = await content(path, limits.longFileBytes).catch((error) => {
    throw usage(`${path} can't be read: ${error.message}`);
  });
  return { files: [{ path: basename(path), bytes: data.length }], sent: [packed(basename(path), data)], skipped: [] };
}

function packed(path, data) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
    if (!text.includes("\0")) return { path, content: text };
  } catch {
    // Some other encoding: as it is.
  }
  return { path, content: data.toString("base64"), encoding: "base64" };
}

async function content(path, most) {
  // Nothing that took its place meanwhile: no link, no device, no more than was announced.
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    if (!(await file.stat()).isFile()) throw new Problem(EXIT.ERROR, `${path} is no file any more.`);
    const buffer = Buffer.alloc(most + 1);
    let length = 0;
    while (length <= most) {
      const { bytesRead } = await file.read(buffer, length, most + 1 - length, length);
      if (!bytesRead) break;
      length += bytesRead;
    }
    if (length > most) throw new Problem(EXIT.ERROR, `${path} is larger than ${most} bytes.`);
    return Buffer.from(buffer.subarray(0, length));
  } finally {
    await file.close();
  }
}
