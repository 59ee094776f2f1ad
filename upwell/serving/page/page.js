// The page: tabs, the choice of the model, the language.

import { beginAnew, setUpChat } from "./chat.js";
import { byId, make, showProblem } from "./elements.js";
import { drawRun, setUpRun, showRun } from "./run.js";
import { get } from "./server.js";
import { setUpTasks, showTasks } from "./tasks.js";
import { switchLanguage, translatePage } from "./words.js";
import { setUpWriting, tellState } from "./write.js";

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
  for (const [place, tab] of tabs.entries()) {
    tab.addEventListener("click", () => open(tab));
    tab.addEventListener("keydown", (event) => {
      const next = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: -1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      const tab = tabs.at(next % tabs.length);
      tab.focus();
      open(tab);
    });
  }
  const named = tabs.find((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash);
  open(named ?? tabs[0]);
}

async function chooseModel() {
  beginAnew();
  const name = model();
  try {
    const about = await get(`/v1/runs/${encodeURIComponent(name)}`);
    if (name !== model()) return;
    showTasks(about.tasks);
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
