// The training curve as an SVG drawing.

import { draw } from "./elements.js";
import { say } from "./words.js";

const HEIGHT = 280, NARROWEST = 280, USUAL = 720;
const EDGE = { left: 48, right: 12, top: 12, bottom: 34 };

export function drawCurve(place, caption, { about, steps, validations, finished, looked }) {
  const points = [...steps, ...validations].filter((point) => point.loss !== null);
  if (!points.length) {
    place.replaceChildren();
    caption.textContent = looked ? say("noCurve") : "";
    return;
  }
  const state = say(finished ? "finished" : "growing");
  const best = validations.at(-1);
  caption.textContent = best
    ? say(writes(about) ? "curveState" : "curveReader", { step: best.step, loss: best.loss?.toFixed(3), bits: best.bits_per_byte?.toFixed(3), state })
    : say("curveTraining", { step: points.at(-1).step, state });
  place.replaceChildren(picture(about, points, steps, validations, Math.max(NARROWEST, place.clientWidth || USUAL)));
}

// As wide as there is room, so that its letters keep their size.
function picture(about, points, steps, validations, width) {
  const losses = points.map((point) => point.loss);
  const right = Math.max(1, ...points.map((point) => point.step));
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const room = (high - low || 1) * 0.05;
  const x = (step) => EDGE.left + (step / right) * (width - EDGE.left - EDGE.right);
  const y = (loss) => HEIGHT - EDGE.bottom - ((loss - low + room) / (high - low + 2 * room || 1)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const line = (given) => given.filter((p) => p.loss !== null).map((p) => `${x(p.step).toFixed(1)},${y(p.loss).toFixed(1)}`).join(" ");
  const title = say(writes(about) ? "curveTitle" : "curveTitleReader", { first: losses[0].toFixed(2), last: losses[steps.length - 1]?.toFixed(2) ?? losses.at(-1).toFixed(2) });
  const marks = validations.filter((p) => p.loss !== null).map((p) => draw("circle", { class: "validation", cx: x(p.step), cy: y(p.loss), r: 3 }));
  return draw("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": title }, [
    ...ticks(low, high).flatMap((loss) => [
      draw("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(loss), y2: y(loss) }),
      draw("text", { class: "tick", x: EDGE.left - 6, y: y(loss) + 4, "text-anchor": "end", text: `${Number(loss.toFixed(3))}` }),
    ]),
    ...ticks(0, right, width / 110).map((step) =>
      draw("text", { class: "tick", x: x(step), y: HEIGHT - EDGE.bottom + 16, "text-anchor": "middle", text: step.toLocaleString("en") })),
    draw("text", { class: "tick", x: width - EDGE.right, y: HEIGHT - 4, "text-anchor": "end", text: say("step") }),
    draw("text", { class: "tick", x: EDGE.left, y: HEIGHT - 4, text: writes(about) ? say("lossAxis") : say("lossAxisReader") }),
    draw("polyline", { class: "training", points: line(steps) }),
    draw("polyline", { class: "validation", points: line(validations) }),
    ...marks,
    ...key(width),
  ]);
}

// Its losses are those of tokens then; else of texts, words or questions.
function writes(about) {
  return about.kind === "language model";
}

function key(width) {
  return ["training", "validation"].flatMap((name, i) => {
    const top = EDGE.top + 12 + 18 * i;
    return [
      draw("polyline", { class: name, points: `${width - 130},${top} ${width - 106},${top}` }),
      draw("text", { class: "tick", x: width - 100, y: top + 4, text: say(`${name}Line`) }),
    ];
  });
}

// About `number` round numbers between two.
function ticks(low, high, number = 5) {
  const rough = (high - low) / number || 1;
  const size = 10 ** Math.floor(Math.log10(rough));
  const apart = [1, 2, 5, 10].map((factor) => factor * size).find((step) => step >= rough);
  const found = [];
  for (let i = Math.ceil(low / apart); i * apart <= high; i++) found.push(i * apart);
  return found;
}
