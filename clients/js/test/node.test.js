// Students in Node give what Python gives.

import assert from "node:assert/strict";
import {test} from "node:test";

import {load, splitWords} from "../src/node.js";
import {Labels} from "../src/labels.js";
import {readIntegers} from "../src/student.js";
import {windows} from "../src/tagger.js";
import {GOLDEN, STUDENTS, golden, sameEntities} from "./golden.js";

for (const student of STUDENTS) {
  test(`${student}: every golden text has Python's entities`, async () => {
    const tagger = await load(`${GOLDEN}${student}/onnx`, {offsets: "codepoints"});
    const differing = [];
    for (const {text, expected} of golden(student)) {
      if (!sameEntities(await tagger.entities(text), expected)) differing.push(text);
    }
    assert.deepEqual(differing, []);
  });
}

test("offsets are those of JavaScript's strings, unless code points are asked for", async () => {
  const text = "😀 Anna Keller visited the University of Alderton in Bonn.";
  const [utf16, codepoints] = await Promise.all(["utf16", "codepoints"].map(async (offsets) => (
    await load(`${GOLDEN}wordpiece/onnx`, {offsets})).entities(text)));
  assert.ok(utf16.length);
  for (const [at, {start, end, word}] of utf16.entries()) {
    assert.equal(text.slice(start, end), word);
    assert.equal(Array.from(text).slice(codepoints[at].start, codepoints[at].end).join(""), word);
  }
  assert.notDeepEqual(utf16, codepoints);
});

test("half a surrogate pair is read as U+FFFD, and offsets stay", async () => {
  const tagger = await load(`${GOLDEN}wordpiece/onnx`);
  for (const {start, end, word} of await tagger.entities("Anna \ud800 Keller")) {
    assert.equal("Anna \ud800 Keller".slice(start, end), word);
  }
});

test("several texts at a time, int8, and words that are split already", async () => {
  const tagger = await load(`${GOLDEN}wordpiece/onnx`, {model: "int8"});
  const texts = golden("wordpiece").slice(0, 8).map(({text}) => text);
  const one = [];
  for (const text of texts) one.push(await tagger.entities(text));
  assert.deepEqual(await Promise.all(texts.map((text) => tagger.entities(text))), one);
  const tagged = await tagger.tagWords(["Anna", "", "Bonn"]);
  assert.deepEqual(tagged[1], {tag: "O", score: 1});
  assert.deepEqual(await tagger.tagWords([]), []);
});

test("mistakes are told", async () => {
  await assert.rejects(load(`${GOLDEN}wordpiece/onnx`, {model: "int4"}), /allowed: float32, int8/);
  await assert.rejects(load(`${GOLDEN}wordpiece/onnx`, {offsets: "bytes"}), /allowed: utf16/);
  await assert.rejects(load(`${GOLDEN}nowhere`), /ENOENT/);
  assert.throws(() => readIntegers(new Uint8Array(20)), /no NumPy file/);
});

const words = (text, options) => {
  const chars = Array.from(text);
  return splitWords(chars, options).map(([begin, end]) => chars.slice(begin, end).join(""));
};

test("words are split by white space, outer punctuation and the student's rule", () => {
  assert.deepEqual(words("(Anna) lebt\u0085in \u001cBonn's."),
    ["(", "Anna", ")", "lebt", "in", "Bonn's", "."]);
  assert.deepEqual(words("王x東京 สวัสดี"), ["王", "x", "東", "京", "สวัสดี"]);
  assert.deepEqual(words("สวย", {segmentation: "characters"}), ["ส", "ว", "ย"]);
  assert.deepEqual(words("นายกรัฐมนตรี", {segmentation: "dictionary"}).join("|"),
    "นายก|รัฐมนตรี");
  assert.deepEqual(words("a, b.", {keepWhole: true}), ["a,", "b."]);
});

test("windows are Python's", () => {
  assert.deepEqual(windows(30), [[0, 30, 0, 30]]);
  assert.deepEqual(windows(31, 32), [[0, 26, 0, 22], [18, 31, 22, 31]]);
  const all = windows(2000);
  assert.deepEqual(all.map(([, , first]) => first).slice(1), all.map(([, , , last]) => last)
    .slice(0, -1));
});

test("decoding gives valid tags of each scheme", () => {
  const decode = (record, scores) => new Labels(record).decode(scores).map(({tag}) => tag);
  const best = (tags, wanted) => tags.map((tag) => (tag === wanted ? -0.1 : -3));
  const iob2 = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
  const scores = [best(iob2, "I-PER"), best(iob2, "I-LOC")];
  assert.deepEqual(decode({tags: iob2, decoding: "independent"}, scores), ["I-PER", "I-LOC"]);
  const [first, second] = decode({tags: iob2}, scores);
  assert.ok(!first.startsWith("I-") && (second !== "I-LOC" || first === "B-LOC"));
  const bioes = ["O", "B-X", "I-X", "E-X", "S-X"];
  assert.deepEqual(decode({tags: bioes, kind: "bioes_tagging"},
    [best(bioes, "B-X"), best(bioes, "I-X"), best(bioes, "E-X")]), ["B-X", "I-X", "E-X"]);
  assert.deepEqual(decode({tags: bioes, kind: "bioes_tagging"}, [best(bioes, "B-X")])[0][0] === "B",
    false);
});

test("trained transitions score what the scheme allows, O before and behind a sentence", () => {
  const tags = ["O", "B-X", "I-X"];
  const decode = (transitions, scores, decoding = "trained") => new Labels({tags, decoding,
    transitions}).decode(scores).map(({tag}) => tag);
  const even = [[-1, -1.1, -1.2], [-1, -1.1, -1.2]];
  const none = tags.map(() => tags.map(() => 0));
  assert.deepEqual(decode(none, even), ["O", "O"]);
  assert.deepEqual(decode(undefined, even), ["O", "O"]);
  const changed = (before, tag, score) => none.map((row, at) => (at === before
    ? row.map((own, other) => (other === tag ? score : own)) : row));
  assert.deepEqual(decode(changed(1, 2, 5), even), ["B-X", "I-X"]);
  assert.deepEqual(decode(changed(0, 1, 5), even.slice(1)), ["B-X"]);
  assert.deepEqual(decode(changed(1, 0, 5), even.slice(1)), ["B-X"]);
  assert.deepEqual(decode(changed(0, 2, 50), even), ["O", "O"]);
  assert.deepEqual(decode(changed(1, 2, 5), even, "constrained"), ["O", "O"]);
});
