// SentencePiece's table of replaced characters, read as the fast tokenizers read it.

import {inClass} from "./characters.js";

// A cluster of this many bytes or more is read character by character.
const LONG_CLUSTER = 6;
const joinsBefore = inClass("joinsBefore");
const joinsAfter = inClass("joinsAfter");
const isControl = inClass("control");
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Cuts text into clusters (extended grapheme clusters) of the tokenizers' version of Unicode. */
function* clusters(text) {
  let cluster = "";
  let before = null;
  for (const char of text) {
    const joined = before !== null && (
      (joinsBefore(char) && !isControl(before)) || (joinsAfter(before) && !isControl(char))
      || (before === "\r" && char === "\n"));
    if (cluster && !joined) {
      yield cluster;
      cluster = "";
    }
    cluster += char;
    before = char;
  }
  if (cluster) yield cluster;
}

/**
 * Reads a precompiled charsmap.
 * @param {string} base64 its size, its trie (a double array) and its values
 * @returns {(text: string) => string} a normalizer
 */
export function precompiled(base64) {
  const data = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const size = new DataView(data.buffer).getUint32(0, true);
  const view = new DataView(data.buffer, 4, size);
  const values = data.subarray(4 + size);
  const unit = (at) => (4 * at + 4 <= size ? view.getUint32(4 * at, true) : 0);
  const offset = (found) => (found >>> 10) << ((found & 1 << 9) >>> 6);

  /** The value of the shortest prefix that is a key; null without one. */
  function replaced(bytes) {
    let node = offset(unit(0));
    for (const byte of bytes) {
      if (byte === 0) return null;
      node ^= byte;
      const found = unit(node);
      if ((found & 0xff) !== byte || found >>> 31) return null;
      node ^= offset(found);
      if (found >>> 8 & 1) {
        const begin = unit(node) & 0x7fffffff;
        return decoder.decode(values.subarray(begin, values.indexOf(0, begin)));
      }
    }
    return null;
  }

  return (text) => {
    let normalized = "";
    for (const cluster of clusters(text)) {
      const bytes = encoder.encode(cluster);
      const whole = bytes.length < LONG_CLUSTER ? replaced(bytes) : null;
      if (whole !== null) normalized += whole;
      else for (const char of cluster) normalized += replaced(encoder.encode(char)) ?? char;
    }
    return normalized;
  };
}
