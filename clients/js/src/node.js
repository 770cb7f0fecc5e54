// The entry for Node: students from folders, run by onnxruntime-node.

import {readFile} from "node:fs/promises";
import {join} from "node:path";

import {open} from "./student.js";

export {splitWords} from "./words.js";
export {Tagger} from "./tagger.js";

/**
 * Loads a student.
 * @param {string} folder its onnx folder
 * @param {object} [options] see index.d.ts; `ort` is another runtime than onnxruntime-node
 */
export async function load(folder, {ort, ...options} = {}) {
  const runtime = ort ?? (await import("onnxruntime-node"));
  return open((name) => readFile(join(folder, name)), runtime.default ?? runtime, options);
}
