// Splits words into subword tokens. The models are those of @huggingface/tokenizers; what stands
// before them is ours, since theirs depends on the browser's version of Unicode and on shortcuts.

import {Tokenizer} from "@huggingface/tokenizers";

import {makeNormalizer} from "./normalizer.js";
import {makeParts} from "./parts.js";

// Settings of models that no student's tokenizer has, and that are not tested here.
const REFUSED = {
  BPE: ["dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback",
    "ignore_merges"],
  Unigram: ["byte_fallback"],
  WordPiece: [],
};

function check(definition) {
  const {model, added_tokens: added = []} = definition;
  if (!REFUSED[model.type]) throw new Error(`tokenizer.json has the model ${model.type}; allowed: ${
    Object.keys(REFUSED).join(", ")}`);
  const set = REFUSED[model.type].filter((name) => model[name]);
  if (set.length) throw new Error(`tokenizer.json sets ${set.join(", ")} of ${model.type}`);
  const plain = added.find((token) => !token.special);
  if (plain) throw new Error(`tokenizer.json adds ${plain.content}, which is no special token`);
}

/** A tokenizer of words. Special tokens in a text are text, as in Python. */
export class Pieces {
  /** @param {object} definition contents of tokenizer.json */
  constructor(definition) {
    check(definition);
    // Of this tokenizer only the model and the special tokens around a text are used.
    const library = new Tokenizer(
      {...definition, normalizer: null, pre_tokenizer: null, decoder: null}, {});
    [this.opening, this.closing, ...this.others] = library.encode("").ids;
    if (this.closing === undefined || this.others.length) {
      throw new Error("tokenizer.json does not enclose texts in two special tokens");
    }
    this.model = library.model;
    if (definition.model.type === "Unigram") {
      // The library gives the unknown token the score of unknown characters, in texts too.
      this.model.scores[this.model.unk_token_id] = definition.model.vocab[
        this.model.unk_token_id][1];
    }
    this.normalize = makeNormalizer(definition.normalizer);
    this.parts = makeParts(definition.pre_tokenizer);
    this.fused = definition.model.type === "Unigram" || definition.model.fuse_unk;
  }

  /**
   * Splits a word into subword tokens.
   * @param {string} word
   * @returns {number[]} the tokenizer's ids; none if nothing is left of the word
   */
  of(word) {
    const {tokens_to_ids: ids, unk_token_id: unknown} = this.model;
    return this.parts(this.normalize(word)).flatMap((part) => {
      const found = this.model.encode([part]).map((token) => ids.get(token) ?? unknown);
      return this.fused
        ? found.filter((id, at) => at === 0 || id !== unknown || found[at - 1] !== unknown)
        : found;
    });
  }
}
