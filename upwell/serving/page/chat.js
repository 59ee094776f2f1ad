// Chat: turns on one text that grows.

import { byId, make, showProblem } from "./elements.js";
import { events } from "./server.js";
import { say } from "./words.js";

let messages = [];
let control = null;

export function setUpChat(model) {
  byId("chat-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const message = byId("message");
    turn(model(), message.value);
    message.value = "";
  });
  byId("message").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      byId("chat-form").requestSubmit();
    }
  });
  byId("chat-stop").addEventListener("click", () => control?.abort());
  byId("chat-new").addEventListener("click", beginAnew);
}

export function beginAnew() {
  control?.abort();
  messages = [];
  byId("turns").replaceChildren();
  showProblem(null);
}

async function turn(model, text) {
  if (control) return;
  control = new AbortController();
  const conversation = messages;
  showProblem(null);
  conversation.push({ role: "user", content: text });
  add("user", say("you"), text);
  const reply = add("assistant", model, "");
  byId("turns").setAttribute("aria-busy", "true"); // read out when it is complete, not by the piece
  byId("chat-stop").disabled = false;
  let written = "";
  try {
    for await (const event of events("/v1/chat/completions", { model, messages: conversation }, control.signal)) {
      written += event.choices[0].delta.content ?? "";
      reply.textContent = written;
      reply.scrollIntoView({ block: "nearest" });
    }
  } catch (error) {
    showProblem(error);
  }
  conversation.push({ role: "assistant", content: written });
  byId("turns").setAttribute("aria-busy", "false");
  byId("chat-stop").disabled = true;
  control = null;
}

function add(role, name, text) {
  const place = make("p", { class: "text", text });
  byId("turns").append(make("li", { class: role }, [make("span", { class: "small", text: name }), place]));
  place.scrollIntoView({ block: "nearest" });
  return place;
}
