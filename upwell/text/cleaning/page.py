"""The report of a prepared text as one HTML page, in English or Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from upwell.text.cleaning.words import step_words, words
from upwell.text.pages import page, section, table

_STYLE = """
.bars{display:grid;grid-template-columns:max-content 1fr max-content;gap:.15rem .8rem;align-items:center;font-size:.86rem;font-variant-numeric:tabular-nums;max-width:56rem}
.bars i{display:block;height:.8rem;background:var(--blue);border-radius:2px;min-width:1px}.bars b{font-weight:400;color:var(--soft);text-align:right}
.lists{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:0 2rem}
details{margin:.3rem 0}summary{cursor:pointer}.example{margin:.4rem 0 .4rem 1rem;padding:.4rem .7rem;background:var(--card);border-left:3px solid var(--rule);border-radius:3px;font-size:.86rem;overflow-wrap:anywhere}
.example .where{color:var(--soft)}del{text-decoration-color:var(--orange)}.kept{color:var(--green)}
"""


def render(report: dict[str, Any], *, language: str = "en") -> str:
    """The page of `report`, the content of report.json."""
    w = words(language)
    subtitle = w["subtitle"].format(
        sources=", ".join(report["sources"]),
        documents_in=f"{report['documents']['in']:,}",
        documents_out=f"{report['documents']['out']:,}",
        bytes_in=megabytes(report["bytes"]["in"]),
        bytes_out=megabytes(report["bytes"]["out"]),
    )
    steps = [step for step in report["steps"] if step["name"] not in ("sketch", "groups")]
    sections = [
        section(w["steps"], w["steps note"], table(step_head(w), [step_cells(step, w) for step in steps])),
        section(w["removed"], w["removed note"], _reasons(steps, w)),
        section(w["lengths"], w["lengths note"].format(*map(_size, report["lengths"]["quartiles"])), _lengths(report)),
        section(w["languages"], w["languages note"], _languages(report)),
        section(w["ngrams"], w["ngrams note"], _ngrams(report, w)),
        section(w["tokenizer"], w["tokenizer note"], table(tokenizer_head(w), tokenizer_rows(report))),
        section(
            w["tokens"], "", table([w["part"], w["documents"], w["bytes"], w["words"], w["token"]], _parts(report, w))
        ),
        section(w["plan"], w["plan note"], table(plan_head(w), plan_rows(report))),
        section(
            w["speed"],
            w["speed note"].format(report["workers"]),
            table([w["step"], "MB/s", w["seconds"]], speeds(report, w)),
        ),
    ]
    return page(w["title"], subtitle, sections, language=language, style=_STYLE)


def step_head(w: dict[str, str]) -> list[str]:
    """The head of the table of steps."""
    return [w["step"], w["documents in"], w["removed short"], w["changed"], w["MB in"], w["MB out"], w["found"]]


def step_cells(step: dict[str, Any], w: dict[str, str]) -> list[str]:
    """A row of it."""
    found = sorted(step["counts"].items(), key=lambda item: (-item[1], item[0]))
    said = ", ".join(f"{w.get(f'count {kind}', kind)} {count:,}" for kind, count in found[:6]) + (
        " …" if len(found) > 6 else ""
    )
    return [
        step_words(step["name"], w),
        f"{step['documents_in']:,}",
        f"{step['documents_in'] - step['documents_out']:,}",
        f"{step['changed']:,}",
        megabytes(step["bytes_in"]),
        megabytes(step["bytes_out"]),
        said,
    ]


def tokenizer_head(w: dict[str, str]) -> list[str]:
    """The head of the table of tokenizers."""
    return [w["kind"], w["vocabulary"], w["bytes per token"], w["fertility"], w["spelled"], w["failures"], "MB/s"]


def tokenizer_rows(report: dict[str, Any]) -> list[list[str]]:
    """A row for the text's tokenizer, and one for each that was compared with it."""
    listed = [report["tokenizer"]] if report["tokenizer"] else []
    return [
        [
            one["kind"],
            f"{one['vocab_size']:,}",
            f"{one['bytes_per_token']:.2f}",
            ", ".join(f"{language} {value:.2f}" for language, value in one["fertility"].items()),
            f"{one['spelled']:.1%}",
            str(one["round_trip_failures"]),
            f"{one['megabytes_per_second']:.1f}",
        ]
        for one in [*listed, *report["compared"]]
    ]


def plan_head(w: dict[str, str]) -> list[str]:
    """The head of the table of plans."""
    return [w["minutes"], w["size"], w["training tokens"], w["epochs"]]


def plan_rows(report: dict[str, Any]) -> list[list[str]]:
    """A row for each budget."""
    return [
        [
            f"{row['minutes']:g}",
            row["size"],
            f"{row['training_tokens'] / 1e6:.1f}m",
            f"{row['epochs']:.2g}" if row["epochs"] < 10 else f"{row['epochs']:,.0f}",
        ]
        for row in report.get("plan", [])
    ]


def speeds(report: dict[str, Any], w: dict[str, str]) -> list[list[str]]:
    """Speed of each step on one process, and of the whole."""
    rows = [
        [
            step_words(step["name"], w),
            f"{step['bytes_in'] / 1e6 / max(1e-9, step['seconds']):.1f}",
            f"{step['seconds']:.1f}",
        ]
        for step in report["steps"]
    ]
    whole = report["seconds"]["all"]
    return [*rows, [w["all"], f"{report['bytes']['in'] / 1e6 / max(1e-9, whole):.1f}", f"{whole:.1f}"]]


def megabytes(size: int) -> str:
    """A size for people, in MB."""
    return f"{size / 1e6:,.1f}" if size >= 1e5 else f"{size / 1e6:.3f}"


def _size(size: int) -> str:
    for unit, step in (("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= step:
            return f"{size / step:.3g} {unit}"
    return f"{size} B"


def _reasons(steps: Iterable[dict[str, Any]], w: dict[str, str]) -> str:
    found = []
    for step in steps:
        for reason, examples in step["examples"].items():
            count = step["changed"] if reason == "changed" else step["removed"].get(reason, 0)
            said = w["changed by"] if reason == "changed" else w.get(reason, reason)
            shown = "".join(_example(example, w) for example in examples)
            found.append(
                f"<details><summary>{escape(step_words(step['name'], w))}: {escape(said)} ({count:,})</summary>{shown}</details>"
            )
    return "".join(found)


def _example(example: dict[str, Any], w: dict[str, str]) -> str:
    where = f"{example['source']} {example['number']}"
    if "of" in example:
        where += f", {w['copy of']} {example['of']}"
    became = f'<br><span class="kept">{escape(example["became"])}</span>' if "became" in example else ""
    return f'<p class="example"><span class="where">{escape(where)}</span><br><del>{escape(example["text"])}</del>{became}</p>'


def _bars(rows: Sequence[tuple[str, float, str]]) -> str:
    most = max((value for _, value, _ in rows), default=1) or 1
    cells = "".join(
        f'<span>{escape(name)}</span><i style="width:{100 * value / most:.1f}%"></i><b>{escape(said)}</b>'
        for name, value, said in rows
    )
    return f'<div class="bars">{cells}</div>' if rows else ""


def _lengths(report: dict[str, Any]) -> str:
    lengths = report["lengths"]
    return _bars(
        [
            (f"{_size(size)} –", count, f"{count:,}")
            for size, count in zip(lengths["bytes"], lengths["documents"], strict=True)
        ]
    )


def _languages(report: dict[str, Any]) -> str:
    return _bars(
        [
            (one["language"], one["bytes"], f"{megabytes(one['bytes'])} MB, {one['documents']:,}")
            for one in report["languages"][:20]
        ]
    )


def _ngrams(report: dict[str, Any], w: dict[str, str]) -> str:
    lists = [
        f"<div><h3>{escape(w[f'ngrams {size}'])}</h3>{table([w['phrase'], w['times']], [[phrase, f'{count:,}'] for phrase, count in found])}</div>"
        for size, found in report["ngrams"].items()
        if found
    ]
    return f'<div class="lists">{"".join(lists)}</div>' if lists else ""


def _parts(report: dict[str, Any], w: dict[str, str]) -> list[list[str]]:
    return [
        [w[part], f"{one['documents']:,}", f"{one['bytes']:,}", f"{one['words']:,}", f"{one['tokens']:,}"]
        for part, one in (report["tokens"] or {}).items()
    ]
