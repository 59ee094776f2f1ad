// The four task forms.

import { byId, make, showProblem } from "./elements.js";
import { post } from "./server.js";
import { say } from "./words.js";

const forms = () => document.querySelectorAll("form[data-task]");

export function setUpTasks(model) {
  for (const form of forms()) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(model(), form);
    });
  }
}

// Only forms of tasks that the run learned can be used.
export function showTasks(known) {
  byId("tasks-note").hidden = [...forms()].some((form) => form.dataset.view in known);
  for (const form of forms()) {
    for (const field of form.elements) field.disabled = !(form.dataset.view in known);
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
  const said = [make("p", { class: "said", text: found.answer || say("nothing") })];
  if (found.reason) said.push(make("p", { class: "small", text: say("because", { reason: found.reason }) }));
  return said;
}
