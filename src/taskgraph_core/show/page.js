// Everything of a plan that reaches the page from here does so as text, never as markup.
"use strict";
const { tasks } = JSON.parse(document.getElementById("plan").textContent);
const view = document.getElementById("view");
const panel = document.getElementById("panel");
const help = [...panel.childNodes];
const filter = document.getElementById("filter");
const found = document.getElementById("found");
const svg = view.querySelector("svg");
const wires = [...svg.querySelectorAll(".wire")].map((wire) => ({
  wire, from: Number(wire.dataset.from), to: wire.dataset.to.split(" ").map(Number),
}));
const cards = [];
for (const card of svg.querySelectorAll("[data-task]")) cards[Number(card.dataset.task)] = card;

tasks.forEach((task) => { task.after = []; });
tasks.forEach((task, number) => task.before.forEach((other) => tasks[other].after.push(number)));

let chosen = null;

function reach(start, direction) {
  const seen = new Set();
  const work = [start];
  while (work.length) {
    for (const other of tasks[work.pop()][direction]) {
      if (!seen.has(other)) {
        seen.add(other);
        work.push(other);
      }
    }
  }
  return seen;
}

function light(number) {
  svg.classList.toggle("lit", number !== null);
  const before = number === null ? new Set() : reach(number, "before");
  const after = number === null ? new Set() : reach(number, "after");
  cards.forEach((card, other) => {
    card.classList.toggle("self", other === number);
    card.classList.toggle("before", before.has(other));
    card.classList.toggle("after", after.has(other));
  });
  const upTo = new Set(before).add(number);
  const onFrom = new Set(after).add(number);
  for (const { wire, from, to } of wires) {
    wire.classList.toggle("before", before.has(from) && to.some((end) => upTo.has(end)));
    wire.classList.toggle("after", onFrom.has(from) && to.some((end) => after.has(end)));
  }
}

function add(parent, name, text, className) {
  const made = parent.appendChild(document.createElement(name));
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function section(heading, text, name = "p") {
  if (!text) return;
  add(panel, "h3", heading);
  add(panel, name, text).dir = "auto";
}

function links(heading, numbers) {
  if (!numbers.length) return;
  add(panel, "h3", heading);
  const list = add(panel, "ul");
  for (const number of numbers) {
    const button = add(add(list, "li"), "button");
    add(button, "b", tasks[number].id);
    add(button, "span", tasks[number].title).dir = "auto";
    button.addEventListener("click", () => choose(number, true));
  }
}

function overview() {
  const hits = matches();
  panel.replaceChildren(...help);
  links("Tasks", [...tasks.keys()].filter((number) => hits[number]));
}

function choose(number, move) {
  if (chosen !== null) cards[chosen].classList.remove("chosen");
  chosen = number;
  light(number);
  panel.setAttribute("aria-live", number === null ? "off" : "polite");
  if (number === null) {
    overview();
    return;
  }
  const task = tasks[number];
  cards[number].classList.add("chosen");
  panel.replaceChildren();
  add(panel, "p", task.facts, "facts");
  add(panel, "h2", `${task.id} ${task.title}`).dir = "auto";
  section("Description", task.description);
  links("Waits for", task.before);
  links("Needed by", task.after);
  if (task.group !== null) links("Part of", [task.group]);
  section("Does", task.action, "pre");
  section("Uses", task.claims.join("\n"));
  section("Undone by", task.rollback, "pre");
  section("Details", task.details);
  section("How it is tested", task.test_strategy);
  panel.scrollTop = 0;
  if (move) cards[number].scrollIntoView({ block: "center", inline: "center" });
}

cards.forEach((card, number) => {
  card.setAttribute("tabindex", "0");
  card.setAttribute("role", "button");
  card.addEventListener("pointerenter", () => light(number));
  card.addEventListener("pointerleave", () => light(chosen));
  card.addEventListener("focus", () => light(number));
  card.addEventListener("blur", () => light(chosen));
  card.addEventListener("click", () => choose(number, false));
  card.addEventListener("keydown", (event) => {
    const next = { ArrowLeft: tasks[number].before[0], ArrowRight: tasks[number].after[0] }[event.key];
    if (next !== undefined) cards[next].focus();
    else if (event.key === "Enter" || event.key === " ") choose(number, false);
    else return;
    event.preventDefault();
  });
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") choose(null, false); });

// The filter.
function matches() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  return tasks.map((task) => {
    const text = [task.id, task.title, task.facts, task.description, ...task.claims].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
filter.addEventListener("input", () => {
  const hits = matches();
  svg.classList.toggle("sought", filter.value.trim() !== "");
  cards.forEach((card, number) => card.classList.toggle("match", hits[number]));
  if (chosen === null) overview();
  found.textContent = filter.value.trim() ? `${hits.filter(Boolean).length} of ${tasks.length}` : "";
});
filter.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  const hits = matches();
  const order = tasks.map((_, step) => (step + 1 + (chosen ?? -1)) % tasks.length);
  const next = order.find((number) => hits[number]);
  if (next !== undefined) choose(next, true);
});

// Zoom and pan: the view scrolls natively, a mouse may also drag it.
const [width, height] = [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height];
let scale = 1;
function zoom(to, x = view.clientWidth / 2, y = view.clientHeight / 2) {
  const before = scale;
  scale = Math.min(3, Math.max(0.1, to));
  svg.setAttribute("width", width * scale);
  svg.setAttribute("height", height * scale);
  view.scrollLeft = (view.scrollLeft + x) * (scale / before) - x;
  view.scrollTop = (view.scrollTop + y) * (scale / before) - y;
}
function fit() { zoom(Math.min(1, view.clientWidth / width, view.clientHeight / height)); }
document.getElementById("larger").addEventListener("click", () => zoom(scale * 1.25));
document.getElementById("smaller").addEventListener("click", () => zoom(scale / 1.25));
document.getElementById("fit").addEventListener("click", fit);
view.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const place = view.getBoundingClientRect();
  zoom(scale * Math.exp(-event.deltaY / 300), event.clientX - place.left, event.clientY - place.top);
}, { passive: false });
let drag = null;
view.addEventListener("pointerdown", (event) => {
  if (event.pointerType === "mouse" && event.button === 0) drag = [event.clientX, event.clientY];
});
window.addEventListener("pointermove", (event) => {
  if (!drag) return;
  view.classList.add("dragging");
  view.scrollBy(drag[0] - event.clientX, drag[1] - event.clientY);
  drag = [event.clientX, event.clientY];
});
window.addEventListener("pointerup", () => {
  drag = null;
  view.classList.remove("dragging");
});
zoom(Math.min(1, Math.max(0.75, view.clientWidth / width)));
view.scrollTo(0, 0);
overview();
