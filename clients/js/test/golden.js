// The golden texts and students of tests/golden, as the tests of Node and of Chromium read them.

import {readFileSync} from "node:fs";
import {fileURLToPath} from "node:url";

export const GOLDEN = fileURLToPath(new URL("../../../tests/golden/", import.meta.url));
export const STUDENTS = ["wordpiece", "unigram", "bytes", "transformer"];
// Runtimes round logits differently.
const TOLERANCE = 1e-3;

/** Texts with the entities that Python finds with a student; offsets count code points. */
export function golden(student) {
  return JSON.parse(readFileSync(`${GOLDEN}golden.json`, "utf8"))
    .map(({text, entities}) => ({text, expected: entities[student]}));
}

/** True if two texts have the same entities, but for rounding of their scores. */
export function sameEntities(found, expected) {
  return found.length === expected.length && found.every((one, at) => (
    ["entity_group", "word", "start", "end"].every((key) => one[key] === expected[at][key])
    && Math.abs(one.score - expected[at].score) <= TOLERANCE));
}
