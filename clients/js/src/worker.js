// A student in a worker, so that the page stays quick while it loads and reads. Messages to it:
// {id, base, options} loads a student, {id, text} asks it. Its answers: {progress} in bytes, and
// {id, entities} or {id, error}.

import {load} from "./browser.js";

let tagger = null;

globalThis.onmessage = async ({data: {id, base, options, text}}) => {
  try {
    if (base) {
      const onProgress = (progress) => globalThis.postMessage({progress});
      tagger = await load(base, {...options, onProgress});
    }
    globalThis.postMessage({id, entities: base ? [] : await tagger.entities(text)});
  } catch (error) {
    globalThis.postMessage({id, error: error.message});
  }
};
