"""`quick` and `mixture` as a user runs them, timed; their pages in docs/results, the tables of docs/emergence.md.

    python -m benchmarks.emergence_presets quick      # twice, with other seeds: half an hour on two cores
    python -m benchmarks.emergence_presets mixture    # as long
    python -m benchmarks.emergence_presets tables     # draws the tables anew from docs/results
    python -m benchmarks.emergence_presets quick --tasks copy --sizes "500 1.5k" --seeds 1 --keep-nothing

Runs go to the folder `--out` and go on there if interrupted; figures of time are then those of the last sitting, which is said.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.emergence_known import known_table
from benchmarks.performance import table
from benchmarks.report import RESULTS, about, fill_table, read_result, write_result
from upwell.emergence.presets import make_ladder
from upwell.emergence.report.figures import short
from upwell.emergence.report.page import write_page
from upwell.emergence.report.sentences import percent, width_range
from upwell.emergence.report.words import words

PAGES = {"en": "docs/emergence.md", "zh": "docs/emergence.zh.md"}
SEEDS = {"quick": 3, "mixture": 2}
RUNS = {"quick": 2, "mixture": 1}
"""Runs of the whole ladder, each with seeds of its own."""
Figures = Mapping[str, Any]


def run(preset: str, seeds: Sequence[int], folder: Path, options: Mapping[str, Any]) -> tuple[dict[str, Any], Figures]:
    """One ladder: what the tables need, and its report."""
    anew = not any((folder / "results").glob("*"))
    report = make_ladder(preset, seeds=seeds, out=folder, **options).run()
    found = {**summary(report), "in_one_sitting": anew}
    print({name: value for name, value in found.items() if name != "abilities"}, flush=True)
    return found, report


def summary(report: Figures) -> dict[str, Any]:
    """What the tables need of a report."""
    audit = report["audit"]
    return {
        "seeds": report["ladder"]["seeds"],
        "seconds": round(audit["sitting_seconds"], 1),
        "core_seconds": round(audit["wall_seconds"], 1),
        "rungs": len(audit["times"]),
        "rungs_within_quarter": round(len(audit["times"]) * audit["times_within_quarter"]),
        "abilities": {
            name: {
                "baseline": ability["baseline"],
                "families": {
                    model: {
                        "verdict": family["verdict"],
                        "appears": family["appears"],
                        "non_embedding": family["non_embedding"],
                        "match": {part: family["scores"]["match"][part] for part in ("mean", "low", "high")},
                        "shapes": {
                            score: {
                                part: shape[part]
                                for part in ("width", "width_low", "width_high", "centre", "adjusted_p")
                            }
                            for score, shape in family["shapes"].items()
                        },
                    }
                    for model, family in ability["families"].items()
                },
            }
            for name, ability in report["abilities"].items()
        },
    }


def quick(figures: Figures, language: str) -> list[str]:
    """Verdicts of every run side by side."""
    runs = figures["runs"]
    seeds = [", ".join(map(str, one["seeds"])) for one in runs]
    head = {
        "en": ("ability", "family", *(f"seeds {s}" for s in seeds)),
        "zh": ("能力", "模型", *(f"种子 {s}" for s in seeds)),
    }
    rows, same, pairs = [], 0, 0
    for name, ability in runs[0]["abilities"].items():
        for model in ability["families"]:
            cells = [one["abilities"][name]["families"][model] for one in runs]
            rows.append((f"`{name}`", model, *(_verdict(cell, language) for cell in cells)))
            pairs += 1
            same += len({cell["verdict"]["label"] for cell in cells}) == 1
    said = {
        "en": f"The same verdict in {same} of {pairs}. {_times(figures, language)}",
        "zh": f"{pairs} 个判定中有 {same} 个相同。{_times(figures, language)}",
    }
    return [*table(head[language], rows), "", said[language]]


def mixture(figures: Figures, language: str) -> list[str]:
    """Exact match of every task by size, and from where on it is above what simple rules score."""
    (one,) = figures["runs"]
    (model,) = next(iter(one["abilities"].values()))["families"]
    sizes = next(iter(one["abilities"].values()))["families"][model]["non_embedding"]
    head = {
        "en": ("task", "simple rules", *map(short, sizes), "above them from"),
        "zh": ("任务", "简单规则", *map(short, sizes), "从何规模起超过规则"),
    }
    never = {"en": "not up to here", "zh": "至此没有"}[language]
    rows = []
    for name, ability in one["abilities"].items():
        family = ability["families"][model]
        match = family["match"]
        cells = [
            f"{percent(mean)} ({percent(low)}–{percent(high)})"
            for mean, low, high in zip(match["mean"], match["low"], match["high"], strict=True)
        ]
        appears = never if family["appears"] is None else short(family["appears"])
        rows.append((f"`{name}`", percent(ability["baseline"]), *cells, appears))
    return [*table(head[language], rows), "", _times(figures, language)]


def _verdict(family: Figures, language: str) -> str:
    """Label and, where it rests on one, the width in decades; exact match on the largest rung."""
    w, label = words(language), family["verdict"]["label"]
    end = percent(family["match"]["mean"][-1])
    if label in ("undetermined", "seed-lottery"):
        said = f"{w[label]}; {end}"
    else:
        shape = family["shapes"]["match" if label == "metric-induced" else "continuous"]
        said = f"{w[label]}, {shape['width']:.2f} ({width_range(shape, w)}); {end}"
    if language == "zh":
        said = said.replace(", ", "，").replace("; ", "；").replace(" (", "（").replace(")", "）")
    return said


def _times(figures: Figures, language: str) -> str:
    said = []
    for one in figures["runs"]:
        minutes, cores = one["seconds"] / 60, one["core_seconds"] / 60
        fields = (one["rungs_within_quarter"], one["rungs"])
        if language == "zh":
            whole = f"用时 {minutes:.1f} 分钟（" if one["in_one_sitting"] else f"最后一次用时 {minutes:.1f} 分钟（"
            said.append(
                f"{whole}{cores:.1f} 核心分钟）；开始前公布的时间在 {fields[1]} 级中的 {fields[0]} 级上误差不超过 25%。"
            )
        else:
            whole = "It took" if one["in_one_sitting"] else "The last sitting took"
            said.append(
                f"{whole} {minutes:.1f} minutes ({cores:.1f} of one core); the time stated before the start held within 25% "
                f"on {fields[0]} of {fields[1]} rungs."
            )
    return ("" if language == "zh" else " ").join(said)


TABLES: dict[str, Callable[[Figures, str], list[str]]] = {"quick": quick, "mixture": mixture, "known": known_table}


def fill(text: str, results: Path, language: str) -> str:
    """The guide with its tables drawn anew."""
    for name, draw in TABLES.items():
        found = read_result(f"emergence_{name}", results)
        lines = [*draw(found["figures"], language), "", about(found, zh=language == "zh")]
        text = fill_table(text, name, "\n".join(lines))
    return text


def draw_tables() -> None:
    """Both guides, from what docs/results holds."""
    for language, name in PAGES.items():
        page = RESULTS.parent.parent / name
        text = fill(page.read_text(encoding="utf-8"), RESULTS, language)
        page.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", choices=[*RUNS, "tables"])
    parser.add_argument("--tasks", help="instead of the preset's")
    parser.add_argument("--sizes", help="instead of the preset's")
    parser.add_argument("--seeds", type=int, help="of each run")
    parser.add_argument("--out", type=Path, default=Path("runs/emergence_presets"))
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs stay as they are")
    arguments = parser.parse_args()
    if arguments.preset == "tables":
        draw_tables()
        return
    options = {name: value.split() for name in ("tasks", "sizes") if (value := getattr(arguments, name)) is not None}
    preset, count = arguments.preset, arguments.seeds or SEEDS[arguments.preset]
    runs, reports = [], []
    for number in range(RUNS[preset]):
        seeds = range(number * count, (number + 1) * count)
        found, report = run(preset, list(seeds), arguments.out / f"{preset}-{number + 1}", options)
        runs.append(found)
        reports.append(report)
    figures = {"runs": runs}
    print(*TABLES[preset](figures, "en"), sep="\n")
    if not arguments.keep_nothing:
        write_result(f"emergence_{preset}", figures, repeats=len(runs))
        for language, ending in (("en", ""), ("zh", ".zh")):
            write_page(reports[0], RESULTS / f"emergence_{preset}{ending}.html", language=language)


if __name__ == "__main__":
    main()
