// Decodes logits of words into valid tags, as xtremedistil_tf/metrics/decoding.py does.

const FORBIDDEN = -1e9;

/** Which tags may open a sentence, follow another one, and end a sentence. */
function rules(tags, kind, decoding) {
  const any = () => true;
  if (decoding === "independent" || kind === "word_tagging") return {first: any, follows: any,
    ends: any};
  if (kind === "bioes_tagging") {
    const inside = (tag) => tag[0] === "I" || tag[0] === "E";
    const ends = (tag) => tag === "O" || tag[0] === "E" || tag[0] === "S";
    return {first: (tag) => !inside(tag), ends, follows: (before, tag) => (ends(before)
      ? !inside(tag) : inside(tag) && before.slice(1) === tag.slice(1))};
  }
  const inside = (tag) => tag.startsWith("I-");
  return {first: (tag) => !inside(tag), ends: any, follows: (before, tag) => !inside(tag)
    || (before !== "O" && before.slice(2) === tag.slice(2))};
}

/** A student's tags, and their decoding. */
export class Labels {
  /** @param {object} record contents of student.json */
  constructor(record) {
    const {tags, kind = "tagging", decoding = "constrained", transitions} = record;
    this.tags = tags;
    this.alone = kind === "word_tagging";
    const {first, follows, ends} = rules(tags, kind, decoding);
    this.outside = Math.max(0, tags.indexOf("O"));
    // Trained scores of a tag after another; O stands before and behind a sentence.
    const table = (decoding === "trained" && transitions) || tags.map(() => tags.map(() => 0));
    const cost = (allowed, before, tag) => (allowed ? table[before][tag] : FORBIDDEN);
    this.first = tags.map((tag, own) => cost(first(tag), this.outside, own));
    this.ends = tags.map((tag, own) => cost(ends(tag), own, this.outside));
    this.follows = tags.map((before, one) => tags.map((tag, own) => cost(follows(before, tag), one,
      own)));
  }

  /**
   * Log-probabilities of the tags of a word.
   * @param {ArrayLike<number> | null} logits those of its first subword token; null without one
   * @param {number} temperature
   */
  scores(logits, temperature) {
    if (!logits) return this.tags.map((_, tag) => (tag === this.outside ? 0 : FORBIDDEN));
    const own = this.tags.map((_, tag) => logits[tag] / temperature);
    const most = Math.max(...own);
    const total = Math.log(own.reduce((sum, one) => sum + Math.exp(one - most), 0));
    return own.map((one) => one - most - total);
  }

  /**
   * The most probable valid tags of a sentence (Viterbi).
   * @param {number[][]} scores log-probabilities of each word's tags
   * @returns {{tag: string, score: number}[]} tags with their probabilities
   */
  decode(scores) {
    if (!scores.length) return [];
    let best = scores[0].map((score, tag) => score + this.first[tag]);
    const from = scores.slice(1).map((own) => {
      const back = own.map((_, tag) => bestOf(best, (before) => this.follows[before][tag]));
      best = own.map((score, tag) => score + best[back[tag]] + this.follows[back[tag]][tag]);
      return back;
    });
    let tag = bestOf(best, (one) => this.ends[one]);
    const path = [tag];
    for (const back of from.reverse()) path.push(tag = back[tag]);
    return path.reverse().map((one, word) => ({tag: this.tags[one],
      score: Math.exp(scores[word][one])}));
  }
}

function bestOf(values, added) {
  let best = 0;
  for (let at = 1; at < values.length; at++) {
    if (values[at] + added(at) > values[best] + added(best)) best = at;
  }
  return best;
}

/** Word numbers of each entity, of IOB2 or BIOES tags. */
export function entityRuns(tags) {
  const runs = [];
  let inside = "";
  tags.forEach((tag, place) => {
    if (/^[IE]-/.test(tag) && inside === tag.slice(2)) runs.at(-1).push(place);
    else if (tag !== "O") runs.push([place]);
    inside = /^(O|E-|S-)/.test(tag) ? "" : tag.slice(2);
  });
  return runs;
}
