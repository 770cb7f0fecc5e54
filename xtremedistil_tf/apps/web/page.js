// Sends the text to /api/tag and shows what comes back. Text is set as text, never as HTML.
"use strict";

const form = document.getElementById("form");
const inputs = [...form.querySelectorAll("textarea")];
const status = document.getElementById("status");
const sections = [...document.querySelectorAll("#results section")];
// A label keeps its colour for as long as the page is open, in all columns.
const colours = new Map([["PER", 0], ["LOC", 1], ["ORG", 2]]);
// Longer entities may break inside.
const LONGEST_WHOLE = 40;
const copy = document.getElementById("copy");
const legend = document.getElementById("legend");
const here = document.getElementById("here");  // Null if only the server runs the student.
let asked = 0;
let answer = "";

function colourOf(label) {
  if (!colours.has(label)) colours.set(label, colours.size % 8);
  return `c${colours.get(label)}`;
}

function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

function tell(text, bad = false) {
  status.textContent = text;
  status.classList.toggle("bad", bad);
}

const keyOf = (entity) => `${entity.start} ${entity.end} ${entity.entity_group}`;

function marked(entity, text, differs) {
  const mark = element("mark", text, colourOf(entity.entity_group));
  mark.classList.toggle("whole", text.length <= LONGEST_WHOLE);
  mark.classList.toggle("differs", differs);
  mark.title = `${entity.entity_group}, score ${entity.score.toFixed(3)}${differs ? ", found by this one only" : ""}`;
  mark.append(element("span", entity.entity_group));
  return mark;
}

function row(entity) {
  const made = document.createElement("tr");
  const word = element("td", entity.word);
  word.dir = "auto";
  made.append(word, element("td", entity.entity_group), element("td", entity.score.toFixed(3)),
    element("td", `${entity.start}–${entity.end}`));
  return made;
}

function showEntities(section, asked, result, others) {
  const characters = Array.from(asked.text);  // Offsets count code points, strings UTF-16 units.
  const parts = [];
  let at = 0;
  for (const entity of result.entities) {
    parts.push(characters.slice(at, entity.start).join(""));
    const differs = others.some((keys) => !keys.has(keyOf(entity)));
    parts.push(marked(entity, characters.slice(entity.start, entity.end).join(""), differs));
    at = entity.end;
  }
  parts.push(characters.slice(at).join(""));
  section.querySelector(".tagged").replaceChildren(...parts);
  const count = result.entities.length;
  section.querySelector("summary").textContent = count === 1 ? "1 entity" : `${count} entities`;
  section.querySelector("details").hidden = !count;
  section.querySelector("tbody").replaceChildren(...result.entities.map(row));
  return `${count} found`;
}

function bar(label, score, chosen) {
  const made = element("li", "", chosen ? "chosen" : "");
  const name = element("span", label);
  name.dir = "auto";
  const meter = document.createElement("progress");
  meter.max = 1;
  meter.value = score;
  meter.setAttribute("aria-label", label);
  made.append(name, meter, element("span", score.toFixed(3)));
  return made;
}

function showClasses(section, asked, result) {
  const chosen = result.labels || (result.label ? [result.label] : []);
  const bars = document.createElement("ul");
  bars.className = "bars";
  bars.append(...Object.entries(result.scores).sort((one, other) => other[1] - one[1])
    .map(([label, score]) => bar(label, score, chosen.includes(label))));
  const parts = [bars];
  if (result.cut) parts.push(element("p", "The text was cut: it is longer than the model reads."));
  section.querySelector(".tagged").replaceChildren(...parts);
  return chosen.join(", ") || "no label";
}

function showNumber(section, asked, result) {
  section.querySelector(".tagged").replaceChildren(element("p", String(result.score), "number"));
  return String(result.score);
}

function showAnswer(section, asked, result) {
  const characters = Array.from(asked.context);
  const score = element("p", `score ${result.score.toFixed(3)}`, "time");
  if (!result.answer) {
    section.querySelector(".tagged").replaceChildren(element("p", "No answer in this text."), score);
    return "no answer";
  }
  const mark = element("mark", characters.slice(result.start, result.end).join(""), "c0");
  section.querySelector(".tagged").replaceChildren(
    characters.slice(0, result.start).join(""), mark, characters.slice(result.end).join(""), score);
  mark.scrollIntoView({block: "nearest"});
  return result.answer;
}

const views = {entities: showEntities, classes: showClasses, number: showNumber,
  answer: showAnswer};
const show = views[document.body.dataset.view];

function clear() {
  answer = "";
  copy.hidden = legend.hidden = true;
  for (const section of sections) {
    section.querySelector(".time").textContent = "";
    section.querySelector(".tagged").replaceChildren();
    const details = section.querySelector("details");
    if (details) details.hidden = true;
  }
}

// The student in this browser, once it is wanted: a worker, and the requests that it has not answered.
let worker = null;
let loaded = null;
let messages = 0;
const unanswered = new Map();

function askWorker(message) {
  const id = ++messages;
  return new Promise((resolve, reject) => {
    unanswered.set(id, {resolve, reject});
    worker.postMessage({id, ...message});
  });
}

function startWorker(base) {
  worker = new Worker(new URL("worker.js", base), {type: "module"});
  worker.addEventListener("message", ({data: {id, entities, error, progress}}) => {
    if (progress !== undefined) {
      tell(`Loading the student: ${(progress / 1e6).toFixed(1)} MB …`);
      return;
    }
    const {resolve, reject} = unanswered.get(id);
    unanswered.delete(id);
    if (error) reject(new Error(error));
    else resolve(entities);
  });
  worker.addEventListener("error", () => {
    for (const {reject} of unanswered.values()) reject(new Error("This browser cannot run it."));
    unanswered.clear();
  });
}

function loadHere() {
  const base = new URL("browser/", document.baseURI);
  if (!loaded) {
    startWorker(base);
    loaded = askWorker({base: base.href, options: {
      wasm: new URL("ort-wasm-simd-threaded.wasm", base).href, offsets: "codepoints",
      model: document.body.dataset.browserModel}});
    loaded.catch(() => {
      worker.terminate();
      loaded = null;  // What failed may work later.
    });
  }
  return loaded;
}

async function askHere(texts) {
  await loadHere();
  const began = performance.now();
  const entities = await askWorker({text: texts.text});
  const milliseconds = performance.now() - began;
  return {...texts, results: [{name: "student", runtime: "browser", milliseconds, entities}]};
}

async function request(texts) {
  if (here?.checked) return askHere(texts);
  const response = await fetch("api/tag", {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify(texts),
  });
  const reply = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(reply.error || `The server answered ${response.status}.`);
  return reply;
}

async function ask() {
  const texts = Object.fromEntries(inputs.map((input) => [input.name, input.value]));
  const mine = ++asked;
  const empty = inputs.find((input) => !input.value.trim());
  if (empty) {
    clear();  // An old result would stand beside another text.
    tell(inputs.length > 1 ? "Type both texts first." : "Type a sentence first.");
    return;
  }
  tell("Working …");
  try {
    const reply = await request(texts);
    if (mine !== asked) return;  // A later text is on its way.
    const keys = reply.results.map((one) => new Set((one.entities || []).map(keyOf)));
    const told = reply.results.map((result, index) => {
      const section = sections[index];
      section.querySelector(".time").textContent = `${result.milliseconds.toFixed(1)} ms`;
      return `${result.name}: ${show(section, reply, result,
        keys.filter((_, other) => other !== index))}`;
    });
    answer = JSON.stringify(reply, null, 1);
    copy.hidden = false;
    legend.hidden = !document.querySelector("#results mark.differs");
    tell(`${told.join("; ")}.`);
  } catch (error) {
    if (mine === asked) tell(error.message, true);
  }
}

here?.addEventListener("change", () => {
  asked += 1;  // What is on its way is of the other place.
  clear();
  tell("");
  // The teacher does not run here.
  for (const section of sections.slice(1)) section.hidden = here.checked;
  if (inputs.every((one) => one.value.trim())) ask();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
for (const input of inputs) {
  input.addEventListener("keydown", (event) => {
    // Enter also ends the composing of a Chinese, Japanese or Korean word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    ask();
  });
  input.addEventListener("input", () => {
    if (inputs.every((one) => one.value.trim())) return;
    asked += 1;  // What is on its way is no longer wanted.
    clear();
    tell("");
  });
}
copy.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(answer);
    tell("Copied.");
  } catch {
    tell("The browser does not allow copying.", true);
  }
});
document.getElementById("examples").addEventListener("click", (event) => {
  if (event.target.tagName !== "BUTTON") return;
  inputs[0].value = event.target.textContent;
  ask();
});
