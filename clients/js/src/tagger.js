// Tags text, as xtremedistil_tf/inference/tagger.py does.

import {wellFormed} from "./characters.js";
import {entityRuns} from "./labels.js";
import {splitWords} from "./words.js";

// Longer sentences are read in overlapping windows of this many subword tokens.
const LONGEST = 512;
const CONTEXT = 64;

/**
 * Splits a text into overlapping windows of subword tokens.
 * @param {number} pieces number of subword tokens, without special tokens
 * @param {number | null} limit longest sequence of the model, special tokens included
 * @returns {[number, number, number, number][]} begin and end of each window, and first and last of
 *   the tokens whose results it gives
 */
export function windows(pieces, limit = null) {
  const seqLen = Math.min(limit || LONGEST, LONGEST);
  const longest = seqLen - 2;
  const context = Math.min(CONTEXT, Math.floor(seqLen / 8));
  if (pieces <= longest) return [[0, pieces, 0, pieces]];
  const step = longest - 2 * context;
  const found = [];
  for (let at = 0; at < pieces; at += step) {
    found.push([Math.max(0, at - context), Math.min(pieces, at + step + context), at,
      Math.min(pieces, at + step)]);
  }
  return found;
}

/** Character at which each UTF-16 unit's character stands, the other way round. */
function utf16Starts(chars) {
  const starts = [0];
  for (const char of chars) starts.push(starts.at(-1) + char.length);
  return starts;
}

/** A student for tagging. */
export class Tagger {
  constructor(parts) {
    Object.assign(this, parts);
  }

  /** The student's tags. */
  get tags() {
    return this.labels.tags;
  }

  /**
   * Tags a sentence that is split into words already.
   * @param {string[]} words
   * @returns {Promise<{tag: string, score: number}[]>} the tag of each word and its probability
   */
  async tagWords(words) {
    const ids = [];
    const starts = words.map((word) => {
      const own = this.pieces.of(wellFormed(word));
      const start = own.length ? ids.length : -1;
      // Not push(...own): a word may be longer than the arguments of a call may be.
      for (const id of own) ids.push(id);
      return start;
    });
    const scores = starts.map(() => this.labels.scores(null));
    if (!words.length) return [];
    for (const [begin, end, first, last] of windows(ids.length, this.limit)) {
      const {data, classes} = await this.logits(
        [this.pieces.opening, ...ids.slice(begin, end), this.pieces.closing]);
      starts.forEach((start, word) => {
        if (start < first || start >= last || start < 0) return;
        const at = (1 + start - begin) * classes;
        scores[word] = this.labels.scores(data.subarray(at, at + classes), this.temperature);
      });
    }
    return this.labels.decode(scores);
  }

  /**
   * Finds the entities of a text.
   * @param {string} text
   * @returns {Promise<{entity_group: string, score: number, word: string, start: number,
   *   end: number}[]>} start and end count UTF-16 units, as JavaScript's strings do, so that
   *   text.slice(start, end) is the word; with offsets "codepoints" they count characters, as
   *   Python and the server do
   */
  async entities(text) {
    const chars = Array.from(text);
    const spans = splitWords(Array.from(wellFormed(text)), this);
    const tagged = await this.tagWords(spans.map(([begin, end]) => chars.slice(begin, end).join("")));
    const tags = tagged.map(({tag}) => tag);
    const runs = this.labels.alone
      ? tags.flatMap((tag, place) => (tag === "O" ? [] : [[place]])) : entityRuns(tags);
    const starts = utf16Starts(chars);
    const offset = this.offsets === "codepoints" ? (at) => at : (at) => starts[at];
    return runs.map((run) => {
      const [begin] = spans[run[0]];
      const [, end] = spans[run.at(-1)];
      return {
        entity_group: this.labels.alone ? tags[run[0]] : tags[run[0]].slice(2),
        score: run.reduce((sum, place) => sum + tagged[place].score, 0) / run.length,
        word: text.slice(starts[begin], starts[end]), start: offset(begin), end: offset(end)};
    });
  }
}
