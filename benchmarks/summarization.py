"""How well documents are summarized by what some hundred summaries teach from scratch, beside their beginnings and TextRank.

    python -m benchmarks.summarization
    python -m benchmarks.summarization --sets sum-zh-csl --shares 1 --seeds 1 --keep-nothing

Figures of sets that are not run stay as they are in docs/results.

Trainings are by the plain command, with the validation part of each set held out: abstracts of papers with a sentence (SciTLDR),
dialogues with a sentence or two (DialogSum), Chinese abstracts with their titles (CSL). Learning curves: 10%, 30% and all of the
training documents, two seeds of order and weights. Figures are ROUGE-1, -2 and -L (F1; English stemmed by the rouge-score library,
Chinese by characters), each with the reference that it is greatest with. Intervals are over test documents, of differences paired:
each document's figure is the mean of the seeds.

Beside: `lead`, the first k sentences; `lead words`, the first k words; `TextRank`, the k sentences that the sumy library's
TextRank holds most central (an environment of its own, with our sentences and words, so that nothing is downloaded). Each k is the one
with the greatest mean ROUGE on the validation part.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peer_venv import peer_environment, peer_python
from benchmarks.report import RESULTS, call, read_result, write_result
from upwell import Summarizer
from upwell.tasks.metrics import mean
from upwell.tasks.overlap import Reference, best_rouge
from upwell.tasks.summaries import ROUGES, lead, summary_measures
from upwell.tasks.unit_features import Document, words_of
from upwell.text.labelled import SummarizedText, read_summaries
from upwell.text.passages import tokens_of

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = ("sum-en-scitldr", "sum-en-dialogsum", "sum-zh-csl")
SHARES, SEEDS = (0.1, 0.3, 1.0), 2
RESAMPLES = 2000
PACKAGES = ("sumy==0.11.0", "numpy", "setuptools<81")

TEXT_RANK = r"""
import json, sys
from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
from sumy.summarizers.text_rank import TextRankSummarizer
class Words:
    def to_words(self, sentence):
        return tuple(sentence.split(" "))
orders = []
for units in json.load(open(sys.argv[1], encoding="utf-8")):
    sentences = [Sentence(" ".join(words), Words()) for words in units]
    rated = TextRankSummarizer().rate_sentences(ObjectDocumentModel([Paragraph(sentences)]))
    scores = [rated[sentence] for sentence in sentences]
    orders.append(sorted(range(len(units)), key=lambda place: -scores[place]))
print(json.dumps({"orders": orders}))
"""


def read(data: Path, name: str, part: str) -> list[SummarizedText]:
    """The documents of a part of a set."""
    return list(read_summaries(data / name / f"{part}.jsonl").rows)


def share_of(rows: Sequence[SummarizedText], share: float) -> list[SummarizedText]:
    """A share of the documents, the smaller one always a part of the larger."""
    order = random.Random(0).sample(range(len(rows)), len(rows))
    return [rows[place] for place in sorted(order[: max(2, round(share * len(rows)))])]


def write(path: Path, rows: Sequence[SummarizedText]) -> Path:
    """Documents as JSON lines."""
    lines = [json.dumps({"document": row.document, "summaries": row.summaries}, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def lead_words(text: str, number: int) -> str:
    """The first `number` words, marks between them included."""
    tokens = [token for token in tokens_of(text) if token.text[0].isalnum()][:number]
    return text[: tokens[-1].end] if tokens else text


def text_ranks(rows: Sequence[SummarizedText]) -> Callable[[str, int], str]:
    """What takes the sentences that sumy's TextRank holds most central, in their order."""
    documents = {row.document: Document(row.document, "sentences") for row in rows}
    with tempfile.TemporaryDirectory() as folder:
        given, program = Path(folder) / "documents.json", Path(folder) / "program.py"
        given.write_text(json.dumps([one.words for one in documents.values()]), encoding="utf-8")
        program.write_text(TEXT_RANK, encoding="utf-8")
        found = call([str(peer_python(*PACKAGES)), str(program), str(given)], peer_environment())
    orders = dict(zip(documents, found["orders"], strict=True))

    def summary(text: str, number: int) -> str:
        units = documents[text].units
        return " ".join(text[units[place].start : units[place].end] for place in sorted(orders[text][:number]))

    return summary


def best_number(rows: Sequence[SummarizedText], summary: Callable[[str, int], str], numbers: Sequence[int]) -> int:
    """The number with the greatest mean ROUGE on these documents."""
    right = [[Reference(words_of(text)) for text in row.summaries] for row in rows]

    def worth(number: int) -> float:
        said = (words_of(summary(row.document, number)) for row in rows)
        return float(np.mean([best_rouge(one, words).mean for one, words in zip(right, said, strict=True)]))

    return max(numbers, key=worth)


Figures = dict[str, np.ndarray[Any, Any]]
"""By kind of ROUGE, that of each document."""


def each(rows: Sequence[SummarizedText], outputs: Sequence[str]) -> Figures:
    """ROUGE of each document, and their mean."""
    found = summary_measures([row.summaries for row in rows], outputs)
    figures = {name: found[name].sums[:, 0] for name in ROUGES}
    return {**figures, "mean": np.mean(list(figures.values()), axis=0)}


def interval(values: Any) -> dict[str, float]:
    """Mean with its 95% interval over documents."""
    found = mean(values).interval(resamples=RESAMPLES)
    return {"value": found.value, "low": found.low, "high": found.high}


def run_trial(
    train: Sequence[SummarizedText],
    valid: Sequence[SummarizedText],
    test: Sequence[SummarizedText],
    *,
    seed: int,
    threads: int | None,
    options: Sequence[str],
) -> tuple[dict[str, Any], Figures]:
    """Train by the command, and test: figures of the training, and ROUGE."""
    with tempfile.TemporaryDirectory() as folder:
        files = [str(write(Path(folder) / f"{name}.jsonl", rows)) for name, rows in (("learn", train), ("held", valid))]
        given = ["--threads", str(threads)] if threads else []
        run = Path(folder) / "run"
        began = time.perf_counter()
        result = call(
            [sys.executable, "-m", "upwell", "train", files[0], "--valid", files[1], "--task", "summarize", "--seed", str(seed),
             "--out", str(run), "--quiet", "--json", *given, *options]
        )  # fmt: skip
        seconds = time.perf_counter() - began
        config = json.loads((run / "config.json").read_text(encoding="utf-8"))
        outputs = Summarizer.load(run, threads=threads).predict([row.document for row in test])
    about = {"seconds": seconds, "parameters": result["parameters"]["total"], **config["extracts"]}
    return about, each(test, outputs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--shares", nargs="+", type=float, default=SHARES)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--options", nargs=argparse.REMAINDER, default=[], help="further options of upwell train")
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {}
    for name in arguments.sets:
        train, valid, test = (read(arguments.data, name, part) for part in ("train", "valid", "test"))
        summaries = {
            "lead": (lead, range(1, 7)),
            "lead words": (lead_words, range(4, 81, 2)),
            "TextRank": (text_ranks([*valid, *test]), range(1, 7)),
        }
        found: dict[str, Any] = {"documents": {"train": len(train), "valid": len(valid), "test": len(test)}}
        beside: dict[str, Figures] = {}
        for peer, (summary, numbers) in summaries.items():
            number = best_number(valid, summary, numbers)
            beside[peer] = each(test, [summary(row.document, number) for row in test])
            found[peer] = {"number": number, **{kind: interval(values) for kind, values in beside[peer].items()}}
            print(f"{name:18} {peer} {number}: {said(found[peer])}", flush=True)
        for share in arguments.shares:
            trials = [
                run_trial(
                    share_of(train, share), valid, test, seed=seed, threads=arguments.threads, options=arguments.options
                )
                for seed in range(arguments.seeds)
            ]
            ours = {kind: np.mean([one[kind] for _, one in trials], axis=0) for kind in (*ROUGES, "mean")}
            found[f"{share:g}"] = {
                "trainings": [about for about, _ in trials],
                **{kind: interval(values) for kind, values in ours.items()},
                "more than": {
                    peer: {kind: interval(ours[kind] - other[kind]) for kind in ours} for peer, other in beside.items()
                },
            }
            print(f"{name:18} {share:4.0%}: {said(found[f'{share:g}'])}; {trials[0][0]}", flush=True)
            for peer, more in found[f"{share:g}"]["more than"].items():
                print(f"{'':18}   more than {peer}: {said(more)}", flush=True)
        figures[name] = found
    if not arguments.keep_nothing:
        kept = read_result("summarization")["figures"]["sets"] if (RESULTS / "summarization.json").exists() else {}
        write_result("summarization", {"sets": {**kept, **figures}}, repeats=arguments.seeds)


def said(figures: dict[str, Any]) -> str:
    """Figures for the eye."""
    shown = {kind: one for kind, one in figures.items() if kind in (*ROUGES, "mean")}
    return ", ".join(
        f"{kind} {100 * one['value']:.1f} [{100 * one['low']:.1f}, {100 * one['high']:.1f}]"
        for kind, one in shown.items()
    )


if __name__ == "__main__":
    main()
