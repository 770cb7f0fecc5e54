// The pre-tokenizers of tokenizer.json: they split words into parts, which a model splits further.

import {inClass} from "./characters.js";

const isWhite = inClass("white");
const isBertMark = inClass("bertMark");
const isLetter = inClass("letter");
const isNumber = inClass("number");
const isPatternSpace = inClass("patternSpace");
const CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

const encoder = new TextEncoder();
// Printable Latin-1 characters stand for themselves, the other bytes for 256 and on.
const BYTE_LETTERS = [];
for (let byte = 0, other = 256; byte < 256; byte++) {
  const kept = (byte >= 0x21 && byte < 0x7f) || (byte >= 0xa1 && byte !== 0xad);
  BYTE_LETTERS.push(String.fromCharCode(kept ? byte : other++));
}

/** Splits at characters that a test names; those that another test names are parts of their own. */
function split(text, isGap, isAlone) {
  const parts = [];
  let part = "";
  const close = () => {
    if (part) parts.push(part);
    part = "";
  };
  for (const char of text) {
    if (isGap(char)) {
      close();
    } else if (isAlone(char)) {
      close();
      parts.push(char);
    } else {
      part += char;
    }
  }
  close();
  return parts;
}

const never = () => false;

function metaspace(definition) {
  const marker = definition.replacement;
  const scheme = definition.add_prefix_space ?? true
    ? definition.prepend_scheme ?? "always" : "never";
  return (text, isFirst) => {
    let marked = text.replaceAll(" ", marker);
    const prefixed = scheme === "always" || (scheme === "first" && isFirst);
    if (prefixed && !marked.startsWith(marker)) marked = marker + marked;
    if (definition.split === false) return [marked];
    const parts = [];
    for (const char of marked) {
      if (char === marker || !parts.length) parts.push(char);
      else parts[parts.length - 1] += char;
    }
    return parts;
  };
}

/** Splits as GPT-2's pattern does: contractions, and runs of letters, numbers or others. */
function pattern(text) {
  const chars = Array.from(text);
  const kindOf = (char) => (isPatternSpace(char) ? 0 : isLetter(char) ? 1 : isNumber(char) ? 2 : 3);
  const kinds = chars.map(kindOf);
  const parts = [];
  for (let at = 0; at < chars.length;) {
    const contraction = chars[at] === "'" && CONTRACTIONS.find(
      (one) => chars.slice(at, at + one.length).join("") === one);
    let end = at;
    if (contraction) {
      end += contraction.length;
    } else {
      const body = chars[at] === " " && at + 1 < chars.length && kinds[at + 1] ? at + 1 : at;
      end = body + 1;
      while (end < chars.length && kinds[end] === kinds[body]) end++;
      // White space before something else leaves its last character to the next part.
      if (!kinds[body] && end < chars.length && end - body > 1) end--;
    }
    parts.push(chars.slice(at, end).join(""));
    at = end;
  }
  return parts;
}

function byteLevel(definition) {
  return (text) => {
    const prefixed = definition.add_prefix_space && !text.startsWith(" ") ? ` ${text}` : text;
    const parts = definition.use_regex ?? true ? pattern(prefixed) : [prefixed];
    return parts.map((part) => Array.from(
      encoder.encode(part), (byte) => BYTE_LETTERS[byte]).join(""));
  };
}

const KINDS = {
  BertPreTokenizer: () => (text) => split(text, isWhite, isBertMark),
  ByteLevel: byteLevel,
  Metaspace: metaspace,
  Sequence: ({pretokenizers}) => {
    const steps = pretokenizers.map(makeParts);
    return (text) => steps.reduce(
      (parts, step) => parts.flatMap((part, at) => step(part, at === 0)), [text]);
  },
  WhitespaceSplit: () => (text) => split(text, isWhite, never),
};

/**
 * Makes a pre-tokenizer.
 * @param {object | null} definition the pre-tokenizer in tokenizer.json
 * @returns {(text: string, isFirst?: boolean) => string[]}
 */
export function makeParts(definition) {
  if (!definition) return (text) => [text];
  const make = KINDS[definition.type];
  if (!make) throw new Error(`tokenizer.json has the pre-tokenizer ${definition.type}; allowed: ${
    Object.keys(KINDS).join(", ")}`);
  const parts = make(definition);
  return (text, isFirst = true) => (text ? parts(text, isFirst) : []);
}
