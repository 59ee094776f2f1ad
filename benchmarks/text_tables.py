"""The tables of docs/preparing.md and its Chinese twin, from what preparing a text was measured to do.

`python -m benchmarks.performance` draws them, as it does its own pages.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from upwell.text.cleaning.words import step_words, words

Figures = Mapping[str, Any]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


LIBRARIES = {
    "read": "json",
    "repair": "ftfy",
    "markup": "lexbor",
    "language": "py3langid",
    "private": "phonenumbers",
    "sketch": "datasketch",
    "tokens": "tokenizers",
}
"""What each step is set beside."""


def preparing(figures: Figures, zh: bool) -> list[str]:
    """Speed of each step beside its library, then of the whole."""
    w = words("zh" if zh else "en")
    head = (
        ("步骤", "MB/s", "库", "库单独使用的 MB/s") if zh else ("step", "MB/s", "library", "MB/s of the library alone")
    )
    rows = []
    for name, row in figures["beside"].items():
        bare = row.get("bare_megabytes_per_second")
        said = w["token"] if name == "tokens" else step_words(name, w)
        rows.append(
            (
                said,
                f"{row['megabytes_per_second']:.3g}",
                LIBRARIES[name] if bare else "—",
                f"{bare:.3g}" if bare else "—",
            )
        )
    whole = (
        ("整体，两个进程", "MB", "MB/s", "内存峰值（MB）")
        if zh
        else ("the whole, two processes", "MB", "MB/s", "peak memory, MB")
    )
    kinds = {
        "without_tokens": "不分词" if zh else "without tokens",
        "all_steps": "全部步骤" if zh else "all steps",
        "one_line": "一行到底，不分词" if zh else "a single line, without tokens",
    }
    all_rows = [
        (
            said,
            f"{figures[kind]['megabytes']:,.0f}",
            f"{figures[kind]['megabytes_per_second']:.1f}",
            f"{figures[kind]['peak_memory_megabytes']:,.0f}",
        )
        for kind, said in kinds.items()
    ]
    assert figures["equal_after_kill"] and figures["equal_on_one_process"]
    told = (
        "不属于任何一步的开销（进程之间传送、写文件、互相等待）是各步时间的 {:.0%}。在完成三分之一时被杀死再续做的运行，以及单进程的运行，"
        "都与第一次逐文件、逐字节相同（{:,.0f} MB）。"
        if zh
        else "What is in no step (batches and rows sent between processes, files written, one process waiting for another) takes {:.0%} of the "
        "steps' time more. A run that was killed at a third of its batches and called again, and a run on one process, gave the same bytes as the "
        "first, file by file ({:,.0f} MB)."
    ).format(figures["without_tokens"]["ours"], figures["one_process"]["megabytes"])
    return [*table(head, rows), "", *table(whole, all_rows), "", told]


def cleaning_worth(figures: Figures, zh: bool) -> list[str]:
    """Bits per byte after training on each text, and what the difference is worth."""
    head = ("训练文本", "每字节比特（中位数）", "最小–最大") if zh else ("trained on", "bits per byte, median", "range")
    names = {"dirty": "脏文本", "prepared": "准备过的文本", "without dirt": "从未弄脏的文本"} if zh else {}
    rows = [
        (names.get(kind, kind), f"{statistics.median(found):.3f}", f"{min(found):.3f}–{max(found):.3f}")
        for kind, found in figures["bits_per_byte"].items()
    ]
    gain = figures["prepared_less_dirty"]
    said = "准备过的减脏的：{}" if zh else "prepared less dirty: {}"
    return [*table(head, rows), "", said.format(_interval(gain, "{:+.3f}", zh))]


def vectors_gain(figures: Figures, zh: bool) -> list[str]:
    """Accuracy of every arm on each set, and the gain over no vectors in points."""
    head = (
        ("数据集", "词向量", "准确率", "比没有词向量高（百分点）")
        if zh
        else ("set", "embeddings", "accuracy", "points over no vectors")
    )
    names = {"no vectors": "没有", "wrong vectors": "给错词的 GloVe", "GloVe, frozen": "GloVe，冻结"} if zh else {}
    rows = []
    for name, found in figures.items():
        for arm, row in found["arms"].items():
            gain = "—" if arm == "no vectors" else _interval(row["gain_in_points"], "{:+.1f}", zh)
            rows.append((name, names.get(arm, arm), f"{statistics.mean(row['accuracy']):.1%}", gain))
    return table(head, rows)


def _interval(figure: Figures, form: str, zh: bool) -> str:
    if figure["low"] is None:
        return form.format(figure["mean"])
    between = "{}（{} 至 {}）" if zh else "{} ({} to {})"
    return between.format(*(form.format(figure[name]) for name in ("mean", "low", "high")))


TABLES: dict[str, Callable[[Figures, bool], list[str]]] = {
    "preparing": preparing,
    "cleaning_worth": cleaning_worth,
    "vectors_gain": vectors_gain,
}
