// What can go wrong, as the exit code says it.
export const EXIT = { OK: 0, ERROR: 1, USAGE: 2, SIGNED_OUT: 3, REFUSED: 4, DECLINED: 5 };

export class Problem extends Error {
  /** @param {number} code one of EXIT @param {string} message a sentence for the person */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export const usage = (message) => new Problem(EXIT.USAGE, message);
