// Writing: the text appears token by token, each shaded by how likely the model found it.

import { byId, make, showProblem, table } from "./elements.js";
import { events } from "./server.js";
import { say } from "./words.js";

const BOUNDS = [0.05, 0.25, 0.5, 0.9];
const ALTERNATIVES = 5;
let groups = []; // of tokens that make whole characters together: { start, tokens, span }
let chosen = -1;
let control = null;
let state = () => ""; // what the line beside the buttons says, in the language of the moment

export function setUpWriting(model) {
  byId("write-form").addEventListener("submit", (event) => {
    event.preventDefault();
    write(model());
  });
  byId("write-stop").addEventListener("click", () => control?.abort());
  const place = byId("written");
  const find = (event) => groups.findIndex((group) => group.span === event.target);
  place.addEventListener("mouseover", (event) => choose(find(event)));
  place.addEventListener("click", (event) => choose(find(event)));
  place.addEventListener("keydown", (event) => {
    const next = { ArrowRight: chosen + 1, ArrowLeft: chosen - 1, Home: 0, End: groups.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(Math.max(0, Math.min(groups.length - 1, next)));
  });
}

export function tellState(next = state) {
  state = next;
  byId("write-state").textContent = state();
}

async function write(model) {
  const prompt = byId("prompt").value;
  const body = {
    model, prompt, logprobs: ALTERNATIVES, max_tokens: Number(byId("max-tokens").value),
    temperature: Number(byId("temperature").value), top_p: Number(byId("top-p").value),
  };
  if (byId("seed").value) body.seed = Number(byId("seed").value);
  if (byId("stop-text").value) body.stop = byId("stop-text").value;
  begin(prompt);
  const started = performance.now();
  let characters = [], tokens = 0, reason = "stopped";
  try {
    for await (const event of events("/v1/completions", body, control.signal)) {
      const choice = event.choices[0];
      characters.push(...choice.text);
      tokens += choice.logprobs?.tokens.length ?? 0;
      append(choice.logprobs, characters);
      reason = choice.finish_reason ?? reason;
    }
  } catch (error) {
    if (error.name !== "AbortError") reason = "lost";
    showProblem(error);
  }
  const speed = Math.round(tokens / Math.max(0.001, (performance.now() - started) / 1000));
  tellState(() => say("done", { tokens, speed, reason: say(`${reason}Reason`) }));
  byId("write-stop").disabled = true;
}

function begin(prompt) {
  control?.abort();
  control = new AbortController();
  groups = [];
  chosen = -1;
  showProblem(null);
  byId("written").replaceChildren(make("span", { class: "given", text: prompt }));
  byId("token-detail").replaceChildren();
  tellState(() => say("writing"));
  byId("write-stop").disabled = false;
}

function append(found, characters) {
  const changed = groups.length - 1;
  for (let i = 0; i < (found?.tokens.length ?? 0); i++) {
    const start = found.text_offset[i];
    const token = { text: found.tokens[i], logprob: found.token_logprobs[i], top: found.top_logprobs[i] };
    const last = groups.at(-1);
    if (last?.start === start) {
      last.tokens.push(token); // bytes of one character
    } else {
      const span = make("span", { class: "token" });
      groups.push({ start, tokens: [token], span });
      byId("written").append(span);
    }
  }
  for (let i = Math.max(0, changed); i < groups.length; i++) {
    const { start, tokens, span } = groups[i];
    span.textContent = characters.slice(start, groups[i + 1]?.start).join("");
    const probability = Math.exp(tokens.reduce((sum, token) => sum + token.logprob, 0));
    span.className = `token p${BOUNDS.filter((bound) => probability >= bound).length}`;
  }
}

function choose(place) {
  if (place < 0 || place >= groups.length) return;
  groups[chosen]?.span.classList.remove("chosen");
  chosen = place;
  const { tokens, span } = groups[chosen];
  span.classList.add("chosen");
  span.scrollIntoView({ block: "nearest" });
  byId("token-detail").replaceChildren(...tokens.map(describe));
}

function describe(token) {
  const rows = Object.entries(token.top).map(([text, logprob]) => [visible(text), share(logprob)]);
  return make("div", {}, [
    make("p", { text: say("drawn", { token: visible(token.text), share: share(token.logprob) }) }),
    make("p", { class: "small", text: say("instead") }),
    table([[say("token"), say("probability")], ...rows]),
  ]);
}

function visible(text) {
  return text.replaceAll("\n", "↵").replaceAll(" ", "␣");
}

function share(logprob) {
  const percent = 100 * Math.exp(logprob);
  return percent < 0.01 ? "< 0.01%" : `${percent.toFixed(percent < 1 ? 2 : 1)}%`;
}
