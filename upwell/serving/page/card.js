// A model card: the Markdown that our cards are written in, as elements. Links stay text.

import { make } from "./elements.js";

export function drawCard(markdown) {
  const blocks = [];
  const lines = markdown.split("\n");
  const take = (test) => {
    const taken = [];
    while (lines.length && test(lines[0])) taken.push(lines.shift());
    return taken;
  };
  if (lines[0] === "---") lines.splice(0, lines.indexOf("---", 1) + 1); // what catalogues of models read
  while (lines.length) {
    const line = lines[0];
    const heading = /^(#{1,6}) (.*)/.exec(line);
    if (!line.trim()) {
      lines.shift();
    } else if (heading) {
      lines.shift();
      blocks.push(make(`h${Math.min(6, heading[1].length + 2)}`, {}, inline(heading[2])));
    } else if (line.startsWith("```")) {
      lines.shift();
      blocks.push(make("pre", { tabindex: 0 }, [make("code", { text: take((next) => !next.startsWith("```")).join("\n") })]));
      lines.shift();
    } else if (line.startsWith("|")) {
      blocks.push(drawTable(take((next) => next.startsWith("|"))));
    } else if (line.startsWith(">")) {
      blocks.push(make("blockquote", {}, inline(take((next) => next.startsWith(">")).map((next) => next.slice(1).trim()).join(" "))));
    } else {
      blocks.push(make("p", {}, inline(take((next) => next.trim() && !/^(#|```|\||>)/.test(next)).join(" "))));
    }
  }
  return blocks;
}

function drawTable(lines) {
  const rows = lines.map((line) => line.slice(1).replace(/\|\s*$/, "").split("|").map((cell) => cell.trim()));
  const [head, , ...body] = rows;
  const named = head.some((cell) => cell);
  return make("table", {}, [
    ...(named ? [make("thead", {}, [make("tr", {}, head.map((cell) => make("th", { scope: "col" }, inline(cell))))])] : []),
    make("tbody", {}, body.map((row) => make("tr", {}, row.map((cell, i) =>
      i ? make("td", {}, inline(cell)) : make("th", { scope: "row" }, inline(cell)))))),
  ]);
}

function inline(text) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).filter(Boolean).map((part) => {
    if (part.length > 4 && part.startsWith("**")) return make("strong", { text: part.slice(2, -2) });
    if (part.length > 2 && part.startsWith("`")) return make("code", { text: part.slice(1, -1) });
    return document.createTextNode(part);
  });
}
