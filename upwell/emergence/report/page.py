"""The report as one HTML page that needs nothing else: no script, no font, no request."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from upwell.emergence.report.figures import Panel, heat_map, short
from upwell.emergence.report.sentences import appearance, interval, number, percent, verdict_sentence, width_range
from upwell.emergence.report.words import about, words
from upwell.text.files import atomic_write_bytes
from upwell.text.pages import note, page, section, table

_STYLE = """
.say{margin:.5rem 0;padding:.6rem .9rem;background:var(--card);border-left:4px solid var(--rule);border-radius:3px}
.say.sharp{border-color:var(--blue)}.say.smooth{border-color:var(--green)}.say.metric-induced,.say.seed-lottery{border-color:var(--orange)}
.tag{display:inline-block;font-size:.8rem;border:1px solid var(--rule);border-radius:9px;padding:0 .6em;margin-right:.5em}
.panels{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:.4rem 1rem}
@media(max-width:1100px){.panels{grid-template-columns:repeat(2,minmax(0,1fr))}}
svg{width:100%;height:auto}svg text{font-size:10px;fill:var(--soft)}svg .head{font-size:11.5px;fill:var(--ink);font-weight:600}
.axis{fill:none;stroke:var(--soft)}.grid{fill:none;stroke:var(--rule);stroke-width:.5}polyline{fill:none;stroke-width:1.6}
polyline.match{stroke:var(--blue)}polyline.continuous{stroke:var(--orange)}polyline.whole{stroke:var(--green)}polyline.fit{stroke:var(--orange);stroke-dasharray:1 3}polyline.dash{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 3}
polygon.match{fill:var(--blue);opacity:.15}circle.match{fill:var(--blue);fill-opacity:.75}circle.continuous{fill:var(--orange);fill-opacity:.6}circle.whole{fill:var(--green);fill-opacity:.75}circle.curve{fill:var(--soft);fill-opacity:.7}
.cell{fill:var(--blue);stroke:var(--rule);stroke-width:.4}.first{fill:none;stroke:var(--orange);stroke-width:1.8}.k{stroke:var(--blue)}
"""

Words = dict[str, str]


def write_page(report: dict[str, Any], path: Path, *, language: str = "en") -> None:
    """Write the page of `report` (the content of report.json) in `language` to `path`, atomically."""
    atomic_write_bytes(path, render(report, language=language).encode("utf-8"))


def render(report: dict[str, Any], *, language: str = "en") -> str:
    """The page as text."""
    w = words(language)
    ladder = report["ladder"]
    sizes = ladder["sizes"]
    sub = w["subtitle"].format(
        abilities=len(ladder["abilities"]),
        models=len(ladder["models"]),
        sizes=len(sizes),
        low=short(sizes[0]),
        high=short(sizes[-1]),
        seeds=len(ladder["seeds"]),
    )
    few = len(sizes) < 5 or len(ladder["seeds"]) < 3
    sections = [
        section(w["what appeared"], w["no claim"] if few else w["claim"], _sentences(report, w)),
        section(w["curves"], w["curves note"], _each(report, w, _curves)),
        section(w["predicted"], w["predicted note"], _each(report, w, _predicted) + note(w["by length"])),
        section(w["crossing"], w["crossing note"], _each(report, w, _way)),
        section(w["contrast"], w["contrast note"], _contrast(report, w)),
        section(w["collapse"], w["collapse note"], _collapse(report, w)),
        section(
            w["fits"],
            w["fits note"].format(replicates=report["replicates"], tests=_count(report) * 2),
            _fits(report, w),
        ),
        section(w["seeds"], w["seeds note"], _seeds(report, w)),
        section(w["forecast"], w["forecast note"], _forecasts(report, w)),
        section(w["law"], w["law note"], _laws(report, w)),
        section(w["audit"], "", _audit(report, w)),
    ]
    return page(w["title"], sub, sections, language=language, style=_STYLE)


def _pairs(report: dict[str, Any]) -> Iterable[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    for name, ability in report["abilities"].items():
        for model, family in ability["families"].items():
            yield name, model, ability, family


def _count(report: dict[str, Any]) -> int:
    return sum(1 for _ in _pairs(report))


def _sentences(report: dict[str, Any], w: Words) -> str:
    found = []
    for name, model, ability, family in _pairs(report):
        label = family["verdict"]["label"]
        said = escape(f"{appearance(family, ability, w)} {verdict_sentence(family, ability, w)}")
        found.append(
            f'<p class="say {label}"><span class="tag">{escape(w[label])}</span><b>{escape(name)}, {escape(model)}</b>: {said}</p>'
        )
    return "".join(found)


def _each(report: dict[str, Any], w: Words, draw: Callable[[str, dict[str, Any], dict[str, Any], Words], str]) -> str:
    """The panels that `draw` makes for every family, under a heading for every ability."""
    found = []
    for name, ability in report["abilities"].items():
        panels = "".join(draw(model, ability, family, w) for model, family in ability["families"].items())
        found.append(f'<h3>{escape(name)}</h3>{note(about(name, ability["doc"], w))}<div class="panels">{panels}</div>')
    return "".join(found)


def _ends(family: dict[str, Any]) -> tuple[float, float]:
    return family["non_embedding"][0] / 1.3, family["non_embedding"][-1] * 1.3


def _curves(model: str, ability: dict[str, Any], family: dict[str, Any], w: Words) -> str:
    x, scores = family["non_embedding"], family["scores"]
    plain = Panel(f"{model}: {w[family['verdict']['label']]}", _ends(family), (0, 1), label=w["parameters"])
    plain.level(ability["baseline"], "dash")
    plain.band(x, scores["match"]["low"], scores["match"]["high"], "match")
    shape = family["shapes"]["continuous"]
    best = min(shape["families"].values(), key=lambda fit: fit["bic"])
    dense = np.geomspace(x[0], x[-1], len(best["curve"])).tolist()
    plain.line(dense, best["curve"], "fit")
    for name in ("continuous", "match"):
        plain.line(x, scores[name]["mean"], name)
        for size, seeds in zip(x, scores[name]["seeds"], strict=True):
            plain.dots([size] * len(seeds), seeds, name)
    low = 10 ** max(-6, math.floor(math.log10(max(1e-6, min(scores["whole"]["mean"])))))
    logs = Panel(model, _ends(family), (low, 1), log_y=True, label=w["parameters"])
    logs.level(max(low, ability["chance"]), "dash")
    for name in ("whole", "match"):
        logs.line(x, [value or None for value in scores[name]["mean"]], name)
        logs.dots(x, [value or None for value in scores[name]["mean"]], name)
    return plain.svg() + logs.svg()


def _predicted(model: str, ability: dict[str, Any], family: dict[str, Any], w: Words) -> str:
    check = family["mirage"]
    panel = Panel(f"{model}: {percent(check['covered'])}", (0, 1), (0, 1), log_x=False, label=w["forecasted"])
    panel.line([0, 1], [0, 1], "dash")
    panel.dots(check["from_curve"], check["observed"], "curve", radius=3)
    panel.dots(check["from_items"], check["observed"], "whole", radius=3.5)
    panel.dots(check["from_tokens"], check["observed"], "match", radius=3.5)
    found = panel.svg()
    lengths = np.array(family["by_length"])
    if lengths.shape[1] > 1:
        by_length = Panel(model, _ends(family), (0, 1), label=w["parameters"])
        for k, column in enumerate(lengths.T):
            by_length.line(
                family["non_embedding"],
                column.tolist(),
                f'k" style="stroke-opacity:{0.2 + 0.8 * k / (lengths.shape[1] - 1):.2f}',
            )
        found += by_length.svg()
    return found


def _way(model: str, ability: dict[str, Any], family: dict[str, Any], w: Words) -> str:
    way = family["way"]
    return heat_map(model, way["steps"], family["non_embedding"], way["match"], way["first_crossing"], w["step"])


def _contrast(report: dict[str, Any], w: Words) -> str:
    rows = []
    for name, ability in report["abilities"].items():
        for model, crossing in ability["contrast"]["crossing"].items():
            family = ability["families"][model]
            if crossing["side"] == "inside":
                low, high = (short(v) if v else "…" for v in (crossing["low"], crossing["high"]))
                at = f"{short(crossing['at'])} ({w['range'].format(low=low, high=high)})"
            else:
                end = family["non_embedding"][0 if crossing["side"] == "below" else -1]
                at = w[crossing["side"]].format(size=short(end))
            shape = family["shapes"]["continuous"]
            width = f"{shape['width']:.2f} ({width_range(shape, w)})"
            rows.append([name, model, at, width, w[family["verdict"]["label"]], _ratios(ability, model, w)])
    return table([w["ability"], w["model"], w["half at"], w["width"], w["verdict"], ""], rows)


def _ratios(ability: dict[str, Any], model: str, w: Words) -> str:
    said = []
    for pair in ability["contrast"]["ratios"]:
        if pair["first"] == model:
            fields = {key: number(pair[key], 1) for key in ("ratio", "low", "high")}
            names = {"first": pair["first"], "second": pair["second"]}
            said.append(w["not comparable"] if pair["ratio"] is None else w["times as many"].format(**names, **fields))
    return "; ".join(said)


def _collapse(report: dict[str, Any], w: Words) -> str:
    rows = [
        [name, number(c["rmse_shared"], 3), number(c["rmse_separate"], 3), number(c["delta_bic"], 1)]
        for name, ability in report["abilities"].items()
        if (c := ability["collapse"]) is not None
    ]
    return table([w["ability"], w["shared"], w["separate"], "ΔBIC"], rows)


def _fits(report: dict[str, Any], w: Words) -> str:
    rows = []
    for name, model, _, family in _pairs(report):
        for metric, said in (("match", w["exact match"]), ("continuous", w["continuous"])):
            shape = family["shapes"][metric]
            measures = [
                f"{m['value']:.2f} [{m['null'][0]:.2f}, {m['null'][2]:.2f}]"
                for m in (shape["big_bench"]["linearity"], shape["big_bench"]["breakthroughness"])
            ]
            rows.append(
                [
                    name,
                    model,
                    said,
                    w[shape["best_smooth"]],
                    w[shape["best_sharp"]],
                    number(shape["delta_bic"], 1),
                    number(shape["delta_aicc"], 1),
                    f"{shape['adjusted_p']:.2g}",
                    f"{shape['width']:.2f} ({width_range(shape, w)})",
                    *measures,
                ]
            )
    head = [
        w["ability"],
        w["model"],
        w["metric"],
        w["smooth family"],
        w["sharp family"],
        "ΔBIC",
        "ΔAICc",
        "p",
        w["width"],
        "L",
        "B",
    ]
    return table(head, rows)


def _seeds(report: dict[str, Any], w: Words) -> str:
    rows = []
    for name, model, _, family in _pairs(report):
        lottery = family["lottery"]
        success = "; ".join(
            f"{short(size)}: {percent(share)} ({interval(low, high, w)})"
            for size, (share, low, high) in zip(family["non_embedding"], lottery["success"], strict=True)
        )
        rows.append([name, model, number(lottery["polarisation"]), f"{lottery['p_value']:.2g}", success])
    return table([w["ability"], w["model"], w["polarisation"], "p", w["success"]], rows)


def _forecasts(report: dict[str, Any], w: Words) -> str:
    rows = []
    for name, model, _, family in _pairs(report):
        for f in family["forecasts"]:
            if f["held_out"] == 1 or f["rung"] == len(family["sizes"]) - 1:
                figures = [percent(f["observed"]), percent(f["forecast"]), f"{f['error']:+.2f}", f"{f['z']:+.1f}"]
                rows.append([name, model, str(f["held_out"]), w[f["method"]], *figures])
    head = [w["ability"], w["model"], w["held out"], w["method"], w["observed"], w["forecasted"], w["error"], "z"]
    return table(head, rows)


def _laws(report: dict[str, Any], w: Words) -> str:
    rows = []
    for name, model, _, family in _pairs(report):
        for count, law in (family["law"] or {}).items():
            cells = [
                f"{law['parameters'][p]:.3g} ({w['range'].format(low=f'{low:.3g}', high=f'{high:.3g}')})"
                for p, (low, high) in law["intervals"].items()
            ]
            rows.append([name, model, w[count], *cells])
    return table([w["ability"], w["model"], w["count"], "A", "B", "E", "α", "β"], rows)


def _audit(report: dict[str, Any], w: Words) -> str:
    audit = report["audit"]
    changed = [rate for rate in audit["rates"] if rate["factor"] != 1]
    leaks = "; ".join(
        f"{name}: {w['leaks none'] if share is None else percent(share)}" for name, share in audit["leaks"].items()
    )
    lines = [
        w["rates"].format(checked=len(audit["rates"]), changed=len(changed), edges=sum(r["at_edge"] for r in changed)),
        f"{w['leaks']}: {leaks}",
        w["times"].format(
            real=f"{audit['cpu_seconds'] / 60:.1f} min",
            share=percent(audit["times_within_quarter"]),
            sitting=f"{audit['sitting_seconds'] / 60:.1f} min",
            workers=audit["workers"],
        ),
        w["work"].format(
            flops=f"{audit['flops']:.2g}",
            machine=audit["machine"],
            versions=", ".join(f"{name} {version}" for name, version in audit["versions"].items()),
            hash=audit["settings_hash"],
        ),
    ]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)
