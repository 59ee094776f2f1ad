"""Tables of what models do once they are trained: how fast they write, what fewer bits cost, how well they classify.

`python -m benchmarks.performance` draws them, as it does its own pages.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.text_tables import table

Figures = Mapping[str, Any]
PRECISIONS = ("fp32", "bf16", "int8", "int4")
SETS = {
    "cls-en-sst2": "SST-2",
    "cls-en-trec": "TREC",
    "cls-en-agnews": "AG News",
    "cls-en-smsspam": "SMS spam",
    "cls-zh-chnsenticorp": "ChnSentiCorp",
    "cls-zh-thucnews": "THUCNews",
}


def decoding(figures: Figures, zh: bool) -> list[str]:
    """A token of recurrent models beside the machine's limit and torch's LSTM, texts, and a Llama beside others."""
    head = (
        ("模型", "精度", "一个 token（微秒）", "是读一遍权重所需时间的几倍", "torch.nn.LSTM（bf16）用时是它的几倍",
         "一篇文本，token/秒", "16 篇一起，token/秒")
        if zh
        else ("model", "precision", "a token, us", "times the reading of its weights", "torch.nn.LSTM in bf16 over it",
              "one text, tokens/s", "16 side by side, tokens/s")
    )  # fmt: skip
    rows = []
    for model in figures["models"]:
        seconds = {name: found["median_s"] for name, found in model["seconds"].items()}
        for precision in PRECISIONS:
            text = model["texts"][precision]
            rows.append(
                (
                    f"{model['model']} {model['size']}",
                    precision,
                    f"{1e6 * seconds[precision]:,.0f}",
                    f"{seconds[precision] / seconds[f'{precision}_limit']:.1f}",
                    f"{seconds['torch_lstm_bfloat16'] / seconds[precision]:.1f}",
                    f"{text['one_tokens_per_second']:,.0f}",
                    f"{text['many_tokens_per_second']:,.0f}",
                )
            )
    names = {
        "transformers_bf16": "transformers, bf16",
        "llama_cpp_4_bits": "llama.cpp, 4 bit" if zh else "llama.cpp, 4 bits",
    }
    llama = [
        (names.get(name, f"Upwell, {name}"), f"{1000 * row['prefill_s']:,.0f}", f"{1000 * row['step_s']:.1f}")
        for name, row in figures["llama"].items()
        if "prefill_s" in row
    ]
    other = (
        ("Llama，1.35 亿参数", "512 个 token 的提示（毫秒）", "一个 token（毫秒）")
        if zh
        else ("Llama, 135M parameters", "512 tokens of a prompt, ms", "a token, ms")
    )
    memory, first = figures["memory"], {name: found["median_s"] for name, found in figures["first_token"].items()}
    said = (
        "连续写 {:,} 个 token，内存增加 {:,} 字节。冷启动的 `upwell generate` 用 {:.2f} 秒写出第一个 token（仅 `import torch` 就要 {:.2f} 秒）。"
        if zh
        else "{:,} tokens in a row: {:,} bytes more memory. A cold `upwell generate` has its first token after {:.2f} s (`import torch` alone: {:.2f} s)."
    ).format(memory["tokens"], memory["late_bytes"] - memory["early_bytes"], first["generate"], first["import_torch"])
    return [*table(head, rows), "", *table(other, llama), "", said]


def precisions(figures: Figures, zh: bool) -> list[str]:
    """Bits per byte and scores kept, of each run in each precision."""
    head = (
        ("运行", "精度", "每字节比特", "相差", "留在区间内的分数")
        if zh
        else ("run", "precision", "bits per byte", "more", "scores within their intervals")
    )
    rows = []
    for name, found in figures["runs"].items():
        before = found["fp32"]
        number = sum(len(metrics) for metrics in (before["scorecard"] or {}).values())
        for precision in PRECISIONS:
            if precision not in found:
                continue
            after = found[precision]
            kept = f"{number - len(after.get('lost', []))} / {number}" if number else "—"
            more = after["bits_per_byte"] / before["bits_per_byte"] - 1
            rows.append((name, precision, f"{after['bits_per_byte']:.4f}", f"{more:+.3%}", kept))
    return table(head, rows)


def classification(figures: Figures, zh: bool) -> list[str]:
    """Accuracy on each set beside the better of its peers, and the paired difference."""
    head = (
        ("数据集", "准确率", "最长用时（秒）", "较好的对手", "它的准确率", "相差（百分点）")
        if zh
        else ("set", "accuracy", "seconds at most", "better peer", "its accuracy", "difference, points")
    )
    between = "{value:+.2f}（{low:+.2f} 至 {high:+.2f}）" if zh else "{value:+.2f} ({low:+.2f} to {high:+.2f})"
    rows = [
        (
            SETS[name],
            f"{statistics.mean(found['accuracy']):.2%}",
            f"{max(found['seconds']):.0f}",
            found["better_peer"],
            f"{found['peers'][found['better_peer']]:.2%}",
            between.format(**found["difference"]),
        )
        for name, found in figures["sets"].items()
    ]
    said = "平均相差 {:+.2f} 个百分点。" if zh else "On average {:+.2f} points."
    return [*table(head, rows), "", said.format(figures["mean_difference"])]


PERFORMANCE: dict[str, Callable[[Figures, bool], list[str]]] = {"decoding": decoding, "precisions": precisions}
LABELLED: dict[str, Callable[[Figures, bool], list[str]]] = {"classification": classification}
"""What each file of docs/results becomes, on the page of speed and on that of labelled data."""
