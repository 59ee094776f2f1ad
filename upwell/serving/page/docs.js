// The API, drawn from its own schema.

import { byId, make, table } from "./elements.js";
import { say, switchLanguage, translatePage } from "./words.js";

const schema = await (await fetch("/openapi.json")).json();

function resolve(part) {
  return part?.$ref ? schema.components.schemas[part.$ref.split("/").at(-1)] : part;
}

function kind(part) {
  if (part.$ref) return part.$ref.split("/").at(-1);
  const several = part.anyOf ?? part.oneOf;
  if (several) return several.filter((other) => other.type !== "null").map(kind).join(" | ");
  if (part.enum || part.const !== undefined) return (part.enum ?? [part.const]).map((value) => JSON.stringify(value)).join(" | ");
  return part.type === "array" ? `[${kind(part.items)}]` : part.type ?? "";
}

function bodyTable(operation) {
  const body = resolve(operation.requestBody?.content["application/json"].schema);
  if (!body) return [];
  const rows = Object.entries(body.properties).map(([name, field]) => [
    name, kind(field), [body.required?.includes(name) && say("needed"), field.description].filter(Boolean).join("; "),
  ]);
  return [make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": say("parameter") },
    [table([[say("parameter"), say("kind"), say("meaning")], ...rows])])];
}

function drawRoutes() {
  byId("api-note").textContent = say("apiNote", { address: `${location.origin}/v1` });
  const routes = Object.entries(schema.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) =>
    make("section", {}, [
      make("h2", {}, [make("code", { text: `${method.toUpperCase()} ${path}` })]),
      make("p", { text: operation.description ?? "" }),
      ...bodyTable(operation),
    ])));
  byId("routes").replaceChildren(...routes);
}

translatePage();
drawRoutes();
byId("language").addEventListener("click", () => {
  switchLanguage();
  drawRoutes();
});
