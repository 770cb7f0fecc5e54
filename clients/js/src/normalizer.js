// The normalizers of tokenizer.json, each as the fast tokenizers do it.

import {inClass} from "./characters.js";
import {precompiled} from "./charsmap.js";

const isBertControl = inClass("bertControl");
const isBertSpace = inClass("bertSpace");
const isBertAlone = inClass("bertAlone");
const isAccent = inClass("accent");
const isMark = inClass("mark");
const isWhite = inClass("white");
// What SentencePiece's own normalizer drops, and what it makes a space.
const NMT_DROPPED = /[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]/g;
const NMT_SPACES = /[\u0009\u000a\u000c\u000d\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

const mapped = (text, change) => Array.from(text, change).join("");
// Character by character, as Rust does: no rule depends on neighbours, such as the Greek final s.
const lowercase = (text) => mapped(text, (char) => char.toLowerCase());
const without = (isDropped) => (text) => mapped(text, (char) => (isDropped(char) ? "" : char));
const withoutAccents = without(isAccent);

function bert(definition) {
  const strip = definition.strip_accents ?? definition.lowercase;
  return (text) => {
    if (definition.clean_text) {
      text = mapped(text, (char) => (isBertControl(char) ? "" : isBertSpace(char) ? " " : char));
    }
    if (definition.handle_chinese_chars) {
      text = mapped(text, (char) => (isBertAlone(char) ? ` ${char} ` : char));
    }
    if (strip) text = withoutAccents(text.normalize("NFD"));
    return definition.lowercase ? lowercase(text) : text;
  };
}

function strip(definition) {
  return (text) => {
    const chars = Array.from(text);
    let begin = 0;
    let end = chars.length;
    if (definition.strip_left) while (begin < end && isWhite(chars[begin])) begin++;
    if (definition.strip_right) while (end > begin && isWhite(chars[end - 1])) end--;
    return chars.slice(begin, end).join("");
  };
}

function replace({pattern, content}) {
  if (pattern.String !== undefined) return (text) => text.replaceAll(pattern.String, () => content);
  const expression = new RegExp(pattern.Regex, "gu");
  return (text) => text.replace(expression, () => content);
}

const KINDS = {
  BertNormalizer: bert,
  Lowercase: () => lowercase,
  NFC: () => (text) => text.normalize("NFC"),
  NFD: () => (text) => text.normalize("NFD"),
  NFKC: () => (text) => text.normalize("NFKC"),
  NFKD: () => (text) => text.normalize("NFKD"),
  Nmt: () => (text) => text.replace(NMT_DROPPED, "").replace(NMT_SPACES, " "),
  Precompiled: ({precompiled_charsmap: data}) => (data ? precompiled(data) : (text) => text),
  Prepend: ({prepend}) => (text) => (text ? prepend + text : text),
  Replace: replace,
  Sequence: ({normalizers}) => {
    const steps = normalizers.map(makeNormalizer);
    return (text) => steps.reduce((found, step) => step(found), text);
  },
  Strip: strip,
  // All marks, while BertNormalizer strips those without a width only.
  StripAccents: () => without(isMark),
};

/**
 * Makes a normalizer.
 * @param {object | null} definition the normalizer in tokenizer.json
 * @returns {(text: string) => string}
 */
export function makeNormalizer(definition) {
  if (!definition) return (text) => text;
  const make = KINDS[definition.type];
  if (!make) throw new Error(`tokenizer.json has the normalizer ${definition.type}; allowed: ${
    Object.keys(KINDS).join(", ")}`);
  return make(definition);
}
