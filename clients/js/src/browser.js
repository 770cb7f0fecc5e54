// The entry for browsers: students from URLs, run by onnxruntime-web in WebAssembly.

import * as ort from "onnxruntime-web/wasm";

import {open} from "./student.js";

export {splitWords} from "./words.js";
export {Tagger} from "./tagger.js";

/**
 * Loads a student. Nothing is fetched from elsewhere than `base` and `wasm`.
 * @param {string | URL} base the address of its onnx folder
 * @param {object} [options] see index.d.ts; `wasm` is the address of ort-wasm-simd-threaded.wasm,
 *   `onProgress` is called with the bytes that have come
 */
export async function load(base, {wasm, onProgress, ...options} = {}) {
  // Several threads need a page that is isolated from others; one is enough for a small student.
  ort.env.wasm.numThreads = 1;
  if (wasm) ort.env.wasm.wasmPaths = {wasm: new URL(wasm, globalThis.location?.href).href};
  const folder = new URL(`${base}`.replace(/\/?$/, "/"), globalThis.location?.href);
  let come = 0;
  const read = async (name) => {
    const url = new URL(name, folder);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url.pathname} gives status ${response.status}`);
    const chunks = [];
    for (const reader = response.body.getReader();;) {
      const {done, value} = await reader.read();
      if (done) break;
      chunks.push(value);
      onProgress?.(come += value.length);
    }
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  };
  return open(read, ort, options);
}
