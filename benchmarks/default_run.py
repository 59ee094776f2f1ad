"""The default run, `upwell train` without a source, measured as a user would: by its own command and its own `--json`.

    python -m benchmarks.default_run                      # three seeds of five minutes each
    python -m benchmarks.default_run --curve              # and 1, 2, 10 and 20 minutes with the first seed
    python -m benchmarks.default_run --redraw             # READMEs and picture from docs/results/default_run.json again
    python -m benchmarks.default_run --minutes 0.05 --seeds 0 --root FOLDER    # to see that it runs

Writes docs/results/default_run.json, docs/images/default_run.png and the block between the marks in both READMEs. A test
holds the blocks equal to the JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.report import fill_between, write_result
from upwell.cli.ending import sample_lines

ROOT = Path(__file__).resolve().parent.parent
CURVE = "1,2,10,20"
READMES = {"en": "README.md", "zh": "README.zh.md"}
BEGIN, END = "<!-- default run: written by python -m benchmarks.default_run -->", "<!-- end of the default run -->"
WIDTH = 100
"""Columns of the samples in the README."""
SHOWN = {
    ("generation", "grammatical"): ("sentences that are grammatical", "合语法的句子"),
    ("generation", "consistent"): ("sentences that agree with what was told", "与前文相符的句子"),
    ("translation", "meaning_match_en-zh"): ("English to Chinese, same meaning", "英译汉，意义相同"),
    ("translation", "meaning_match_zh-en"): ("Chinese to English, same meaning", "汉译英，意义相同"),
    ("question_answering", "exact_match_1hop"): ("answers that need one fact", "需要一个事实的回答"),
    ("question_answering", "exact_match_2hop"): ("answers that join two facts", "需要联结两个事实的回答"),
    ("classification", "f1_macro_sentiment"): ("sentiment, macro F1", "情感，宏平均 F1"),
    ("classification", "f1_macro_topic"): ("topic, macro F1", "主题，宏平均 F1"),
    ("summarization", "fact_f1"): ("facts of the summary, F1", "摘要中的事实，F1"),
}
"""What the README shows and the picture draws, in words."""
TEXTS = {
    "en": {
        "head": "| after {minutes}: | score | chance | best baseline | oracle |",
        "minutes": "{} minutes",
        "minute": "1 minute",
        "range": "{seeds}, on {cores} cores. Evaluation took {share:.0%} of the time of training.",
        "seeds": "Median of {} seeds, with their range",
        "seed": "One seed",
        "samples": "What the model of seed {} wrote, unchosen:",
        "image": "Loss of the default run beside the entropy bound, and scores against minutes of training",
    },
    "zh": {
        "head": "| 训练{minutes}后： | 得分 | 随机水平 | 最好的基线 | 标准答案器 |",
        "minutes": " {} 分钟",
        "minute": " 1 分钟",
        "range": "{seeds}，{cores} 个核心。评测用时为训练的 {share:.0%}。",
        "seeds": "{} 个种子的中位数与范围",
        "seed": "一个种子",
        "samples": "种子为 {} 的模型所写，未经挑选：",
        "image": "默认训练的损失与熵下界，以及得分随训练分钟数的变化",
    },
}


def measure(minutes: float, seed: int, folder: Path) -> dict[str, Any]:
    """Run the command once in `folder`; its figures, with the curve of its loss."""
    command = [sys.executable, "-m", "upwell", "train", "--minutes", f"{minutes:g}", "--seed", str(seed)]
    started = time.perf_counter()
    done = subprocess.run(
        [*command, "--json", "--quiet", "--out", f"{minutes:g}-{seed}"], cwd=folder, stdout=subprocess.PIPE, check=True
    )
    wall = time.perf_counter() - started
    result = json.loads(done.stdout)
    metrics = (folder / result["run"] / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return {
        "minutes": minutes,
        "seed": seed,
        "wall_seconds": round(wall, 1),
        "scoring_share": round(result["scoring"]["seconds"] / result["seconds"], 4),
        "curve": loss_curve([json.loads(line) for line in metrics]),
        **{name: value for name, value in result.items() if name not in ("run", "finished")},
    }


def loss_curve(metrics: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """Minutes and bits per byte of each validation. (The training loss is of answers mostly, so it is no such figure.)"""
    return [
        [round(row["seconds"] / 60, 4), round(row["bits_per_byte"], 4)]
        for row in metrics
        if row["kind"] == "validation"
    ]


def block(found: Mapping[str, Any], language: str) -> str:
    """The part of the README in `language` that shows a default run, from what docs/results/default_run.json holds."""
    texts, runs = TEXTS[language], seeds_of(found["figures"])
    minutes = runs[0]["minutes"]
    said = texts["minute"] if minutes == 1 else texts["minutes"].format(f"{minutes:g}")
    lines = [texts["head"].format(minutes=said), "|---|---|---|---|---|"]
    for (task, metric), words in SHOWN.items():
        figures = [run["scorecard"][task][metric] for run in runs]
        values = [figure["value"] for figure in figures]
        score = f"{statistics.median(values):.2f}"
        if len(values) > 1:
            score += f" ({min(values):.2f}–{max(values):.2f})"
        others = [_median([figure[name] for figure in figures]) for name in ("chance", "baseline", "oracle")]
        lines.append(f"| {words[language == 'zh']} | {score} | {' | '.join(others)} |")
    seeds = texts["seeds"].format(len(runs)) if len(runs) > 1 else texts["seed"]
    share = statistics.median(run["scoring_share"] for run in runs)
    cores = found["machine"]["cores"]
    lines += ["", texts["range"].format(seeds=seeds, cores=cores, share=share)]
    lines += ["", texts["samples"].format(runs[0]["seed"]), "", "```text"]
    samples = [line for sample in runs[0]["samples"] for line in [*sample_lines(sample, WIDTH), ""]]
    lines += [line.removeprefix("  ") for line in samples[:-1]]
    return "\n".join([*lines, "```", "", f"![{texts['image']}](docs/images/default_run.png)"])


def seeds_of(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The runs of the default budget, one for each seed."""
    return [run for run in figures["runs"] if run["minutes"] == figures["minutes"]]


def _median(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.median(known):.2f}" if known else ""


def fill(text: str, content: str) -> str:
    """`text` with `content` between the marks."""
    return fill_between(text, BEGIN, END, content)


def picture(figures: Mapping[str, Any], path: Path) -> None:
    """Loss of the default run on the left, scores against minutes on the right."""
    figure = Figure(figsize=(11, 4.2), facecolor="white", layout="constrained")
    left, right = figure.subplots(1, 2)
    draw_loss(left, seeds_of(figures))
    draw_scores(right, figures["runs"])
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130, metadata={"Software": None})


def draw_loss(axes: Axes, runs: Sequence[Mapping[str, Any]]) -> None:
    """Validation loss of each seed over the entropy bound."""
    for number, run in enumerate(runs):
        name = "validation" if number == 0 else None
        axes.plot(*zip(*run["curve"], strict=True), "o-", color="#0072B2", markersize=3, label=name)
    axes.axhline(runs[0]["entropy_bound_bpb"], color="#222222", linestyle="--", label="entropy bound")
    axes.set(xlabel="minutes", ylabel="bits per byte", title="Loss", yscale="log")
    axes.set_yticks([0.2, 0.5, 1, 2], ["0.2", "0.5", "1", "2"])
    axes.minorticks_off()
    axes.grid(color="#E4E4E4")
    axes.legend(frameon=False)


def draw_scores(axes: Axes, runs: Sequence[Mapping[str, Any]]) -> None:
    """The median score of every budget."""
    budgets = sorted({run["minutes"] for run in runs})
    for number, ((task, metric), (words, _)) in enumerate(SHOWN.items()):
        medians = [
            statistics.median(run["scorecard"][task][metric]["value"] for run in runs if run["minutes"] == budget)
            for budget in budgets
        ]
        style = ("o-", "s--", "^:")[number % 3]
        axes.plot(budgets, medians, style, color=f"C{number}", markersize=4, label=words)
    axes.set(xlabel="minutes of training", title="Score", ylim=(-0.03, 1.03), xscale="log")
    axes.set_xticks(budgets, [f"{budget:g}" for budget in budgets])
    axes.minorticks_off()
    axes.grid(color="#E4E4E4")
    axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))


def redraw(root: Path) -> None:
    """The READMEs' blocks and the picture of `root` from its JSON."""
    found = json.loads((root / "docs/results/default_run.json").read_text(encoding="utf-8"))
    picture(found["figures"], root / "docs/images/default_run.png")
    for language, name in READMES.items():
        text = (root / name).read_text(encoding="utf-8")
        (root / name).write_text(fill(text, block(found, language)), encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--curve", nargs="?", const=CURVE, default="", help=f"other budgets in minutes ({CURVE})")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder with the READMEs and docs")
    parser.add_argument("--redraw", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    if not arguments.redraw:
        seeds = [int(seed) for seed in arguments.seeds.split(",")]
        jobs = [(arguments.minutes, seed) for seed in seeds]
        jobs += [(float(minutes), seeds[0]) for minutes in filter(None, arguments.curve.split(","))]
        runs = []
        with tempfile.TemporaryDirectory() as folder:
            for minutes, seed in jobs:
                runs.append(measure(minutes, seed, Path(folder)))
                print(f"{minutes:g} min, seed {seed}: {runs[-1]['valid_bpb']:.4f} bpb", flush=True)
        figures = {"minutes": arguments.minutes, "runs": runs}
        write_result("default_run", figures, repeats=len(seeds), folder=arguments.root / "docs" / "results")
    redraw(arguments.root)


if __name__ == "__main__":
    main()
