// A run: its curve as it grows, its scorecard, its card.

import { drawCard } from "./card.js";
import { drawCurve } from "./curve.js";
import { byId, make, showProblem, table } from "./elements.js";
import { get } from "./server.js";
import { say } from "./words.js";

const SECONDS_BETWEEN_LOOKS = 3;
let shown = begin("", null);
let timer = 0;

function begin(name, about) {
  return { name, about, steps: [], validations: [], last: -1, looked: false, isLost: false, finished: false };
}

export async function showRun(name, about) {
  clearTimeout(timer);
  shown = begin(name, about);
  drawRun();
  await look(shown);
}

export function setUpRun() {
  new ResizeObserver(() => shown.about && drawCurve(byId("curve"), byId("curve-state"), shown)).observe(byId("run"));
}

export function drawRun() {
  if (!shown.about) return;
  drawCurve(byId("curve"), byId("curve-state"), shown);
  byId("scorecard").replaceChildren(scorecard(shown.about.scorecard));
  byId("card").replaceChildren(...(shown.about.card ? drawCard(shown.about.card) : [make("p", { text: say("noCard") })]));
}

async function look(run) {
  try {
    const news = await get(`/v1/runs/${encodeURIComponent(run.name)}/curve?after=${run.last}`);
    if (run !== shown) return; // another run was chosen meanwhile
    run.steps.push(...news.steps);
    run.validations.push(...news.validations);
    if (news.finished && !run.finished && run.last >= 0) run.about = await get(`/v1/runs/${encodeURIComponent(run.name)}`);
    run.last = news.last;
    run.finished = news.finished;
    run.looked = true;
    drawRun();
    if (run.isLost) showProblem(null); // the server is there again
    run.isLost = false;
  } catch (error) {
    run.isLost = true;
    showProblem(error);
  }
  if (!run.finished && run === shown) lookLater(run);
}

function lookLater(run) {
  const again = () => (byId("run").hidden || document.hidden ? lookLater(run) : look(run));
  timer = setTimeout(again, 1000 * SECONDS_BETWEEN_LOOKS);
}

function scorecard(scores) {
  if (!scores) return make("p", { text: say("noScorecard") });
  const number = (value) => (value === null || value === undefined ? "" : value.toFixed(3));
  const rows = Object.entries(scores).flatMap(([task, metrics]) => Object.entries(metrics).map(([name, figure]) => [
    task.replaceAll("_", " "), name.replaceAll("_", " "), number(figure.value),
    figure.low === null || figure.low === undefined ? "" : `${number(figure.low)}–${number(figure.high)}`, number(figure.chance),
    `${number(figure.baseline)} ${figure.baseline_name ?? ""}`.trim(), number(figure.oracle),
  ]));
  const head = ["task", "metric", "value", "interval", "chance", "baseline", "oracle"].map((word) => say(word));
  return table([head, ...rows]);
}
