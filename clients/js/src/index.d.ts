/** An entity. `text.slice(start, end)` is `word`, unless offsets count code points. */
export interface Entity {
  entity_group: string;
  score: number;
  word: string;
  start: number;
  end: number;
}

export interface Options {
  /** Which of the two models; float32 by default. */
  model?: "float32" | "int8";
  /** What start and end count: UTF-16 units (default), or code points, as Python does. */
  offsets?: "utf16" | "codepoints";
  /** Options of onnxruntime's InferenceSession. */
  session?: object;
  /** In Node: another runtime than onnxruntime-node. */
  ort?: object;
  /** In browsers: the address of ort-wasm-simd-threaded.wasm. */
  wasm?: string | URL;
  /** In browsers: called with the number of bytes that have come. */
  onProgress?: (bytes: number) => void;
}

export declare class Tagger {
  readonly tags: string[];
  entities(text: string): Promise<Entity[]>;
  tagWords(words: string[]): Promise<{tag: string; score: number}[]>;
}

/** Loads a student from its onnx folder: a path in Node, an address in a browser. */
export declare function load(folder: string | URL, options?: Options): Promise<Tagger>;

/** Begin and end of each word, in characters; `chars` is Array.from(text). */
export declare function splitWords(
  chars: string[],
  options?: {segmentation?: null | "characters" | "dictionary"; keepWhole?: boolean},
): [number, number][];
