// What the person sees and answers. Results go to stdout; questions, lists and progress to stderr.
import { createInterface } from "node:readline";

import { usage } from "./problems.js";

/** Text of somebody else without signs that would steer the terminal. */
// eslint-disable-next-line no-control-regex
export const plain = (text) => String(text ?? "").replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");

export class Terminal {
  constructor({ stdin = process.stdin, stdout = process.stdout, stderr = process.stderr, env = process.env } = {}) {
    Object.assign(this, { stdin, stdout, stderr });
    this.isInteractive = Boolean(stdin.isTTY && stderr.isTTY);
    this.hasColour = (stream) => Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== "dumb";
  }

  out(text = "") {
    this.stdout.write(`${text}\n`);
  }

  note(text = "") {
    this.stderr.write(`${text}\n`);
  }

  paint(code, text, stream = this.stdout) {
    return this.hasColour(stream) ? `\u001b[${code}m${text}\u001b[0m` : text;
  }

  /** Runs `work` with a line that says so, where there is a terminal to show it and to take it away again. */
  async during(text, work) {
    if (!this.stderr.isTTY) return work();
    this.stderr.write(`${text} …`);
    try {
      return await work();
    } finally {
      this.stderr.write("\r\u001b[K");
    }
  }

  /** Whether the person says yes. Raises `Problem` where nobody can be asked. */
  async agrees(question, { yes }) {
    if (yes) return true;
    if (!this.isInteractive) throw usage("There is no terminal to ask at. Add --yes to agree beforehand.");
    const lines = createInterface({ input: this.stdin, output: this.stderr });
    try {
      const answer = await new Promise((resolve) => {
        lines.question(`${question} [y/N] `, resolve);
        lines.once("close", () => resolve(""));
      });
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      lines.close();
    }
  }

  /** A line that is typed without being shown, or the first line of what is piped in. */
  async secret(question) {
    if (!this.stdin.isTTY) {
      let text = "";
      for await (const chunk of this.stdin) {
        text += chunk;
        if (text.includes("\n") || text.length > 10_000) break;
      }
      return text.split("\n")[0].trim();
    }
    this.stderr.write(question);
    this.stdin.setRawMode(true);
    this.stdin.setEncoding("utf8");
    try {
      let text = "";
      for await (const chunk of this.stdin) {
        for (const sign of chunk) {
          if (sign === "\r" || sign === "\n" || sign === "\u0004") return text.trim();
          if (sign === "\u0003") throw Object.assign(usage("Nothing was stored."), { code: 130 });
          text = sign === "\u007f" || sign === "\b" ? text.slice(0, -1) : text + sign;
        }
      }
      return text.trim();
    } finally {
      this.stdin.setRawMode(false);
      this.stdin.pause();
      this.stderr.write("\n");
    }
  }

  /** Rows of cells as columns; `head` is set off from them. */
  table(head, rows) {
    const cells = [head, ...rows].map((row) => row.map(plain));
    const widths = head.map((_, at) => Math.max(...cells.map((row) => [...row[at]].length)));
    const line = (row) => row.map((cell, at) => cell + " ".repeat(widths[at] - [...cell].length)).join("  ").trimEnd();
    return [this.paint("1", line(cells[0])), ...cells.slice(1).map(line)].join("\n");
  }
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
