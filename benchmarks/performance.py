"""docs/performance.md, the tables of docs/preparing.md and docs/labelled.md, and their Chinese twins, drawn from what the programs here have measured.

    python -m benchmarks.performance          # tables between the marks, and docs/images/performance.png
    python -m benchmarks.performance --root FOLDER

Each table stands between two marks and follows from docs/results/NAME.json alone. A test holds both pages equal to the files.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks import model_tables, text_tables
from benchmarks.report import about, fill_table, read_result
from benchmarks.text_tables import table

ROOT = Path(__file__).resolve().parent.parent
Figures = Mapping[str, Any]
Tables = Mapping[str, Callable[[Figures, bool], list[str]]]


def time_to_loss(figures: Figures, zh: bool) -> list[str]:
    """Seconds to the peer's loss, round by round."""
    head = (
        ("轮次", "对手：训练步用时（秒）", "对手的损失", "Upwell：训练用时（秒）", "Upwell 的损失", "快多少倍")
        if zh
        else (
            "round",
            "peer, seconds of its steps",
            "its loss",
            "Upwell, seconds of training",
            "its loss",
            "times sooner",
        )
    )
    rows = [
        (
            str(number),
            f"{one['peer']['seconds_of_steps']:.1f}",
            f"{one['peer']['loss']:.3f}",
            f"{one['ours'][-1]['seconds']:.2f}",
            f"{one['ours'][-1]['valid_loss']:.3f}",
            f"{one['ratio']:.1f}",
        )
        for number, one in enumerate(figures["rounds"], 1)
    ]
    return table(head, rows)


def three_minutes(figures: Figures, zh: bool) -> list[str]:
    """Loss of every family after three minutes."""
    head = (
        ("模型", "参数", "每秒 token", "验证损失（nat/字符）")
        if zh
        else ("family", "parameters", "tokens/s", "nats a character")
    )
    families: dict[str, list[Figures]] = {}
    for run in figures["runs"]:
        families.setdefault(run["family"], []).append(run)
    rows = [
        (
            family,
            f"{statistics.median(run['parameters']['total'] for run in runs):,.0f}",
            f"{statistics.median(run['tokens_per_second'] for run in runs):,.0f}",
            spread([run["valid_loss"] for run in runs], "{:.3f}"),
        )
        for family, runs in families.items()
    ]
    return table(head, rows)


def beside_keras(figures: Figures, zh: bool) -> list[str]:
    """Seconds to the loss of the textbook program."""
    head = ("程序", "秒", "每词 nat") if zh else ("program", "seconds", "nats a word")
    peer, ours = figures["keras"], figures["ours"][-1]
    rows = [
        ("Keras", f"{peer['seconds']:,.0f}", f"{peer['loss']:.3f}"),
        ("Upwell", f"{ours['seconds']:,.1f}", f"{ours['loss']:.3f}"),
    ]
    return [
        *table(head, rows),
        "",
        f"快 {figures['ratio']:.0f} 倍。" if zh else f"{figures['ratio']:.0f} times sooner.",
    ]


def step_share(figures: Figures, zh: bool) -> list[str]:
    """Tokens/s, share of the peak, and share with Muon's products counted; families by widths."""
    widths = sorted({row["width"] for row in figures["rows"]})
    found = {(row["family"], row["width"]): row for row in figures["rows"]}
    families = list(dict.fromkeys(row["family"] for row in figures["rows"]))
    rows = [
        (
            family,
            *(
                f"{one['tokens_per_second']:,} ({one['peak_share']:.0%}, {one['peak_share_with_muon']:.0%})"
                for width in widths
                if (one := found[family, width])
            ),
        )
        for family in families
    ]
    return table(("宽度" if zh else "width", *map(str, widths)), rows)


def beside_trainer(figures: Figures, zh: bool) -> list[str]:
    """Speed, memory and loss beside the Trainer."""
    head = (
        ("程序", "每秒 token", "内存峰值（MB）", "损失")
        if zh
        else ("program", "tokens/s", "peak memory, MB", "loss after as many tokens")
    )
    names = {"upwell": "Upwell", "trainer": "Hugging Face Trainer", "trainer bf16": "Hugging Face Trainer, bf16"}
    rows = [
        (
            names[side],
            spread([run["tokens_per_second"] for run in runs], "{:,.0f}"),
            f"{statistics.median(run['peak_bytes'] for run in runs) / 1e6:,.0f}",
            f"{statistics.median(run['loss'] for run in runs):.3f}",
        )
        for side, runs in figures["sides"].items()
    ]
    return table(head, rows)


def small_runs(figures: Figures, zh: bool) -> list[str]:
    """Many small runs beside a plain loop."""
    head = (
        ("模型", "损失", "普通循环的损失", "普通循环用时是我们的几倍")
        if zh
        else ("family", "loss", "of the plain loop", "plain seconds over ours")
    )
    rows = [
        (row["family"], f"{row['loss']:.3f}", f"{row['plain_loss']:.3f}", f"{row['plain_seconds_over_ours']:.1f}")
        for row in figures["families"]
    ]
    low, high = figures["ratio_low"], figures["ratio_high"]
    said = (
        f"{figures['runs']} 次训练合计：快 {figures['ratio']:.1f} 倍（{low:.1f}–{high:.1f}）。"
        if zh
        else f"All {figures['runs']} runs: {figures['ratio']:.1f} times sooner ({low:.1f}–{high:.1f})."
    )
    return [*table(head, rows), "", said]


def word_level(figures: Figures, zh: bool) -> list[str]:
    """Test perplexity by minutes, then what is published."""
    head = ("程序", "训练用时", "测试困惑度") if zh else ("program", "training", "test perplexity")
    minutes = "{:g} 分钟，2 核" if zh else "{:g} minutes, 2 cores"
    rows = [("Upwell", minutes.format(row["minutes"]), f"{row['test_perplexity']:.1f}") for row in figures["rows"]]
    told = PUBLISHED_TIMES["zh" if zh else "en"]
    rows += [(name, told.get(name, "—"), f"{value:.1f}") for name, value in figures["published"].items()]
    return table(head, rows)


def memory(figures: Figures, zh: bool) -> list[str]:
    """Speed, peak and planned peak over sizes, then over lengths of text."""
    sizes = list(dict.fromkeys(row["size"] for row in figures["by_size"]))
    found = {(row["family"], row["size"]): row for row in figures["by_size"]}
    families = list(dict.fromkeys(row["family"] for row in figures["by_size"]))
    rows = [
        (
            family,
            *(
                f"{row['tokens_per_second']:,}; {row['peak_bytes'] / 1e6:,.0f} ({row['planned_bytes'] / 1e6:,.0f})"
                for row in (found[family, size] for size in sizes)
            ),
        )
        for family in families
    ]
    head = ("文本（MB）", "每秒 token", "内存峰值（MB）") if zh else ("text, MB", "tokens/s", "peak memory, MB")
    lengths = [
        (f"{row['bytes'] / 1e6:,.0f}", f"{row['tokens_per_second']:,}", f"{row['peak_bytes'] / 1e6:,.0f}")
        for row in figures["by_text"]
    ]
    return [*table(("每秒 token；MB" if zh else "tokens/s; MB", *sizes), rows), "", *table(head, lengths)]


PUBLISHED_TIMES = {
    "en": {"AWD-LSTM": "500 epochs of 45 s on a GPU, 6 hours"},
    "zh": {"AWD-LSTM": "GPU 上 500 轮，每轮 45 秒，共 6 小时"},
}
"""As its README says for batches of 40, the paper's (github.com/salesforce/awd-lstm-lm); others say nothing of time."""

TABLES: Tables = {
    "time_to_loss": time_to_loss,
    "three_minutes": three_minutes,
    "beside_keras": beside_keras,
    "step_share": step_share,
    "beside_trainer": beside_trainer,
    "small_runs": small_runs,
    "memory": memory,
    "word_level": word_level,
    **model_tables.PERFORMANCE,
}
"""What each file of docs/results becomes."""

PAGES = (
    ("docs/performance.md", False, TABLES),
    ("docs/performance.zh.md", True, TABLES),
    ("docs/labelled.md", False, model_tables.LABELLED),
    ("docs/labelled.zh.md", True, model_tables.LABELLED),
    ("docs/preparing.md", False, text_tables.TABLES),
    ("docs/preparing.zh.md", True, text_tables.TABLES),
)
"""Pages, whether in Chinese, and what stands in them."""


def spread(values: Sequence[float], form: str) -> str:
    """Median and range."""
    middle = form.format(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({form.format(min(values))}–{form.format(max(values))})"


def block(name: str, results: Path, zh: bool, tables: Tables) -> str:
    """What stands between the marks of a table."""
    found = read_result(name, results)
    return "\n".join([*tables[name](found["figures"], zh), "", about(found, zh=zh)])


def fill(text: str, results: Path, zh: bool, tables: Tables) -> str:
    """The page with all of its tables drawn anew."""
    for name in tables:
        text = fill_table(text, name, block(name, results, zh, tables))
    return text


def picture(figures: Figures, path: Path) -> None:
    """Share of the matmul peak over width, a line for each family: the model's products, and with those of Muon."""
    figure = Figure(figsize=(10, 4), facecolor="white", layout="constrained")
    families = list(dict.fromkeys(row["family"] for row in figures["rows"]))
    widths = sorted({row["width"] for row in figures["rows"]})
    titles = {"peak_share": "the model's products", "peak_share_with_muon": "with Muon's products"}
    for axes, (kind, title) in zip(figure.subplots(1, 2, sharey=True), titles.items(), strict=True):
        for number, family in enumerate(families):
            rows = [row for row in figures["rows"] if row["family"] == family]
            style = ("o-", "s--", "^:", "D-.", "v-")[number % 5]
            shares = [row[kind] for row in rows]
            axes.plot([row["width"] for row in rows], shares, style, color=f"C{number}", markersize=5, label=family)
        axes.set(xlabel="width", xscale="log", ylim=(0, 1), title=title)
        axes.set_xticks(widths, [str(width) for width in widths])
        axes.minorticks_off()
        axes.grid(color="#E4E4E4")
    figure.axes[0].set_ylabel("share of the bf16 matmul peak")
    figure.axes[0].legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130, metadata={"Software": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=ROOT, help="folder with docs")
    root = parser.parse_args().root
    results = root / "docs" / "results"
    for name, zh, tables in PAGES:
        page = root / name
        page.write_text(fill(page.read_text(encoding="utf-8"), results, zh, tables), encoding="utf-8", newline="\n")
    picture(read_result("step_share", results)["figures"], root / "docs" / "images" / "performance.png")


if __name__ == "__main__":
    main()
