// Classes of characters; see make_tables.py.

import {TABLES} from "./tables.js";

const CODES = 0x110000;
const names = Object.keys(TABLES);
const flags = new Uint32Array(CODES);

names.forEach((name, bit) => {
  let at = 0;
  let inside = false;
  const mark = (end) => {
    if (inside) for (let code = at; code < end; code++) flags[code] |= 1 << bit;
  };
  for (const length of TABLES[name].split(" ")) {
    const end = at + Number.parseInt(length, 36);
    mark(end);
    at = end;
    inside = !inside;
  }
  mark(CODES);
});

/**
 * Makes a test of a class of characters.
 * @param {string} name a key of TABLES
 * @returns {(char: string) => boolean} true if a character (one code point) is in the class
 */
export function inClass(name) {
  const bit = names.indexOf(name);
  if (bit < 0) throw new Error(`no class of characters ${name}`);
  return (char) => (flags[char.codePointAt(0)] >> bit & 1) === 1;
}

/** Half surrogate pairs are no characters: each becomes U+FFFD, which is as long. */
export function wellFormed(text) {
  return text.isWellFormed?.() ?? true ? text : text.toWellFormed();
}
