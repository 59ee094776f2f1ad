// Making elements. Text is always text: nothing that a model or a file says becomes markup.

export function make(name, { text, ...attributes } = {}, children = []) {
  return fill(document.createElement(name), text, attributes, children);
}

export function draw(name, { text, ...attributes } = {}, children = []) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), text, attributes, children);
}

// A table of strings; the first row is its head, and the first cell of each other row names the row.
export function table(rows) {
  const [head, ...body] = rows;
  return make("table", {}, [
    make("thead", {}, [make("tr", {}, head.map((text) => make("th", { text, scope: "col" })))]),
    make("tbody", {}, body.map((row) => make("tr", {}, row.map((text, i) =>
      i ? make("td", { text }) : make("th", { text, scope: "row" }))))),
  ]);
}

export function byId(id) {
  return document.getElementById(id);
}

export function showProblem(error) {
  if (error?.name === "AbortError") return;
  const place = byId("problem");
  place.textContent = error?.message ?? "";
  place.hidden = !error;
}

function fill(element, text, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}
