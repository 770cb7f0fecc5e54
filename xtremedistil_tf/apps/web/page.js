// Sends the text to /api/tag and shows what comes back. Text is set as text, never as HTML.
"use strict";

const form = document.getElementById("form");
const input = document.getElementById("text");
const status = document.getElementById("status");
const sections = [...document.querySelectorAll("#results section")];
// A label keeps its colour for as long as the page is open, in all columns.
const colours = new Map([["PER", 0], ["LOC", 1], ["ORG", 2]]);
let asked = 0;

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

function marked(entity, text) {
  const mark = element("mark", text, colourOf(entity.entity_group));
  mark.title = `${entity.entity_group}, score ${entity.score.toFixed(3)}`;
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

function show(section, characters, result) {
  const parts = [];
  let at = 0;
  for (const entity of result.entities) {
    parts.push(characters.slice(at, entity.start).join(""));
    parts.push(marked(entity, characters.slice(entity.start, entity.end).join("")));
    at = entity.end;
  }
  parts.push(characters.slice(at).join(""));
  section.querySelector(".tagged").replaceChildren(...parts);
  section.querySelector(".time").textContent = `${result.milliseconds.toFixed(1)} ms`;
  const count = result.entities.length;
  section.querySelector("summary").textContent = count === 1 ? "1 entity" : `${count} entities`;
  section.querySelector("details").hidden = !count;
  section.querySelector("tbody").replaceChildren(...result.entities.map(row));
}

async function request(text) {
  const response = await fetch("api/tag", {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({text}),
  });
  const reply = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(reply.error || `The server answered ${response.status}.`);
  return reply;
}

async function tag() {
  const text = input.value;
  if (!text.trim()) {
    tell("Type a sentence first.");
    return;
  }
  const mine = ++asked;
  tell("Tagging …");
  try {
    const reply = await request(text);
    if (mine !== asked) return;  // A later text is on its way.
    // Offsets count code points; strings here count UTF-16 units.
    const characters = Array.from(reply.text);
    reply.results.forEach((result, index) => show(sections[index], characters, result));
    const counts = reply.results.map((one) => `${one.name}: ${one.entities.length}`);
    tell(`Entities found: ${counts.join(", ")}.`);
  } catch (error) {
    if (mine === asked) tell(error.message, true);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  tag();
});
input.addEventListener("keydown", (event) => {
  // Enter also ends the composing of a Chinese, Japanese or Korean word.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  tag();
});
document.getElementById("examples").addEventListener("click", (event) => {
  if (event.target.tagName !== "BUTTON") return;
  input.value = event.target.textContent;
  tag();
});
