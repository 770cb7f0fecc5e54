// Splits running text into words, as xtremedistil_tf/data/words.py does.

import {inClass} from "./characters.js";

const isSpace = inClass("wordSpace");
const isMark = inClass("wordMark");
const isHan = inClass("han");
const isUnspaced = inClass("unspaced");

/** Words of a dictionary in scripts without spaces: ICU's, which browsers and Node have inside. */
function dictionaryWords(chars, begin, end) {
  const words = [];
  let at = begin;
  const segmenter = new Intl.Segmenter("en", {granularity: "word"});
  for (const {segment} of segmenter.segment(chars.slice(begin, end).join(""))) {
    const next = at + Array.from(segment).length;
    words.push([at, next]);
    at = next;
  }
  return words;
}

/** Splits a chunk without its outer punctuation. */
function coreWords(chars, begin, end, segmentation) {
  const some = (test) => {
    for (let at = begin; at < end; at++) if (test(chars[at])) return true;
    return false;
  };
  if (segmentation === "dictionary" && some(isUnspaced)) return dictionaryWords(chars, begin, end);
  const alone = segmentation === "characters" ? isUnspaced : isHan;
  const words = [];
  for (let at = begin; at < end;) {
    let next = at + 1;
    if (!alone(chars[at])) while (next < end && !alone(chars[next])) next++;
    words.push([at, next]);
    at = next;
  }
  return words;
}

/**
 * Splits text at white space and outer punctuation, and scripts without spaces by rule.
 * @param {string[]} chars the characters (code points) of the text
 * @param {{segmentation?: string | null, keepWhole?: boolean}} [options] the student's rule for
 *   scripts without spaces; keepWhole splits at white space only
 * @returns {[number, number][]} begin and end of each word, in characters
 */
export function splitWords(chars, {segmentation = null, keepWhole = false} = {}) {
  const words = [];
  for (let begin = 0; begin < chars.length;) {
    if (isSpace(chars[begin])) {
      begin++;
      continue;
    }
    let end = begin + 1;
    while (end < chars.length && !isSpace(chars[end])) end++;
    let head = begin;
    let tail = end;
    if (!keepWhole) {
      while (head < tail && isMark(chars[head])) head++;
      while (tail > head && isMark(chars[tail - 1])) tail--;
    }
    for (let at = begin; at < head; at++) words.push([at, at + 1]);
    if (keepWhole) words.push([head, tail]);
    else words.push(...coreWords(chars, head, tail, segmentation));
    for (let at = tail; at < end; at++) words.push([at, at + 1]);
    begin = end;
  }
  return words;
}
