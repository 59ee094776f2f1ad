// The page: tabs, the choice of the model, the language.

import { beginAnew, setUpChat } from "./chat.js";
import { byId, make, showProblem } from "./elements.js";
import { drawRun, setUpRun, showRun } from "./run.js";
import { get } from "./server.js";
import { setUpTasks, showTasks } from "./tasks.js";
import { switchLanguage, translatePage } from "./words.js";
import { setUpWriting, tellState } from "./write.js";

const SECONDS_BEFORE_NEXT_TRY = 3;
const tabs = [...document.querySelectorAll("[role=tab]")];
const model = () => byId("model").value;

function open(tab) {
  for (const other of tabs) {
    const isOpen = other === tab;
    other.setAttribute("aria-selected", isOpen);
    other.tabIndex = isOpen ? 0 : -1;
    byId(other.getAttribute("aria-controls")).hidden = !isOpen;
  }
  history.replaceState(null, "", `#${tab.getAttribute("aria-controls")}`);
}

function setUpTabs() {
  for (const tab of tabs) {
    tab.addEventListener("click", () => open(tab));
    tab.addEventListener("keydown", (event) => {
      const shown = tabs.filter((other) => !other.hidden);
      const place = shown.indexOf(tab);
      const next = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: -1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      const chosen = shown.at(next % shown.length);
      chosen.focus();
      open(chosen);
    });
  }
  const named = tabs.find((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash);
  open(named ?? tabs[0]);
}

// Only the parts that a run of this kind has.
function fitKind(kind) {
  for (const part of document.querySelectorAll("[data-kinds]")) part.hidden = !part.dataset.kinds.split(", ").includes(kind);
  const current = tabs.find((tab) => tab.getAttribute("aria-selected") === "true");
  if (current.hidden) open(tabs.find((tab) => !tab.hidden));
}

function linkReport(address) {
  const link = byId("report-link");
  link.hidden = !address;
  if (address) link.href = address;
}

async function chooseModel() {
  beginAnew();
  const name = model();
  try {
    const about = await get(`/v1/runs/${encodeURIComponent(name)}`);
    if (name !== model()) return;
    fitKind(about.kind);
    linkReport(about.report);
    showTasks(about);
    await showRun(name, about);
  } catch (error) {
    showProblem(error);
  }
}

async function listModels() {
  try {
    const { data } = await get("/v1/models");
    byId("model").replaceChildren(...data.map(({ id }) => make("option", { value: id, text: id })));
    await chooseModel();
  } catch (error) {
    showProblem(error);
    setTimeout(listModels, 1000 * SECONDS_BEFORE_NEXT_TRY);
  }
}

translatePage();
setUpTabs();
setUpWriting(model);
setUpChat(model);
setUpTasks(model);
setUpRun();
byId("model").addEventListener("change", chooseModel);
byId("language").addEventListener("click", () => {
  switchLanguage();
  drawRun();
  tellState();
});
listModels();
