// A student's files: record, vocabulary, tokenizer and ONNX model.

import {Labels} from "./labels.js";
import {Pieces} from "./pieces.js";
import {Tagger} from "./tagger.js";

/** Names of a student's files; `files` of `open` gives their contents. */
export const FILES = {record: "student.json", tokenizer: "tokenizer.json",
  vocabulary: "vocabulary.npy"};
export const MODELS = {float32: "model.onnx", int8: "model.int8.onnx"};
const KINDS = ["tagging", "bioes_tagging", "word_tagging"];
const UNKNOWN = 1;

/** Reads a NumPy file of one row of integers. */
export function readIntegers(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 12 || data[0] !== 0x93) throw new Error(`${FILES.vocabulary} is no NumPy file`);
  const wide = data[6] > 1;
  const begin = (wide ? 12 : 10) + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder("latin1").decode(data.subarray(wide ? 12 : 10, begin));
  const [, size] = /'descr': *'<i([48])'/.exec(header) ?? [];
  if (!size) throw new Error(`${FILES.vocabulary} holds no integers`);
  const count = Math.floor((data.length - begin) / size);
  return Int32Array.from({length: count}, (_, at) => (size === "8"
    ? Number(view.getBigInt64(begin + 8 * at, true)) : view.getInt32(begin + 4 * at, true)));
}

/** Maps the tokenizer's ids to the student's; see xtremedistil_tf/data/tokenization/vocabulary.py. */
function idTable(stored) {
  const table = new Int32Array(stored[0]).fill(UNKNOWN);
  stored.subarray(1).forEach((id, row) => {
    table[id] = row;
  });
  // Row 0 only pads batches, and nothing is padded here.
  table[stored[1]] = UNKNOWN;
  return table;
}

/**
 * Opens a student.
 * @param {(name: string) => Promise<Uint8Array>} read gives a file of the student's onnx folder
 * @param {object} ort onnxruntime-web or onnxruntime-node
 * @param {{model?: "float32" | "int8", offsets?: "utf16" | "codepoints", session?: object}}
 *   [options]
 * @returns {Promise<Tagger>}
 */
export async function open(read, ort, {model = "float32", offsets = "utf16", session = {}} = {}) {
  if (!MODELS[model]) throw new Error(`model is ${model}; allowed: ${Object.keys(MODELS).join(", ")}`);
  if (!["utf16", "codepoints"].includes(offsets)) {
    throw new Error(`offsets is ${offsets}; allowed: utf16, codepoints`);
  }
  const json = async (name) => JSON.parse(new TextDecoder().decode(await read(name)));
  const record = await json(FILES.record);
  const kind = record.kind ?? "tagging";
  if (!KINDS.includes(kind)) {
    throw new Error(`this student is for ${kind}; allowed: ${KINDS.join(", ")}`);
  }
  const [tokenizer, vocabulary, graph] = await Promise.all(
    [json(FILES.tokenizer), read(FILES.vocabulary), read(MODELS[model])]);
  const table = idTable(readIntegers(vocabulary));
  const inference = await ort.InferenceSession.create(graph, session);
  const logits = async (ids) => {
    const input = new ort.Tensor("int32", Int32Array.from(ids, (id) => table[id]), [1, ids.length]);
    const {logits: found} = await inference.run({input_ids: input});
    return {data: found.data, classes: found.dims.at(-1)};
  };
  // Position embeddings limit a Transformer's sequences; a BiLSTM reads any length.
  const limit = (record.student?.student ?? "bilstm") === "bilstm" ? null : record.seq_len;
  return new Tagger({pieces: new Pieces(tokenizer), labels: new Labels(record), logits, limit,
    temperature: record.temperature || 1, segmentation: record.segmentation ?? null, offsets});
}
