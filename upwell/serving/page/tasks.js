// The forms of tasks.

import { byId, make, showProblem, table } from "./elements.js";
import { post } from "./server.js";
import { say } from "./words.js";

const SHOWN_LABELS = 10;

const forms = () => document.querySelectorAll("form[data-task]");

export function setUpTasks(model) {
  for (const form of forms()) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(model(), form);
    });
  }
}

// Only forms of tasks that the run learned can be used. What reads and writes nothing learned the one that is shown.
export function showTasks({ kind, tasks }) {
  const isKnown = (form) => kind !== "language model" || form.dataset.view in tasks;
  byId("tasks-note").hidden = [...forms()].some(isKnown);
  for (const form of forms()) {
    for (const field of form.elements) field.disabled = !isKnown(form) || Boolean(field.closest("label")?.hidden);
    form.querySelector("output").replaceChildren();
  }
}

async function ask(model, form) {
  const output = form.querySelector("output");
  output.textContent = say("working");
  showProblem(null);
  try {
    const found = await post(`/v1/tasks/${form.dataset.task}`, { model, ...Object.fromEntries(new FormData(form)) });
    output.replaceChildren(...lines(found));
  } catch (error) {
    output.replaceChildren();
    showProblem(error);
  }
}

function lines(found) {
  if (found.senses) {
    return [make("ul", {}, found.senses.map((sense) =>
      make("li", { text: `${sense.answer} (${sense.class}, ${Math.round(100 * sense.probability)}%)` })))];
  }
  if (found.words) return [taggedWords(found)];
  const said = [make("p", { class: "said", text: found.answer || say("nothing") })];
  if (found.reason) said.push(make("p", { class: "small", text: say("because", { reason: found.reason }) }));
  if (found.probability !== undefined) said.push(make("p", { class: "small", text: say("sure", { share: `${(100 * found.probability).toFixed(1)}%` }) }));
  if (found.probabilities) said.push(shares(found.probabilities));
  return said;
}

// Each word with its tag above it.
function taggedWords({ words, tags }) {
  return make("p", { class: "said tagged" }, words.flatMap((word, i) =>
    [make("ruby", { text: word }, [make("rt", { text: tags[i] })]), " "]));
}

function shares(probabilities) {
  const likeliest = Object.entries(probabilities).sort(([, a], [, b]) => b - a).slice(0, SHOWN_LABELS);
  return table([[say("label"), say("probability")], ...likeliest.map(([label, p]) => [label, `${(100 * p).toFixed(1)}%`])]);
}
