"""How right the summaries of documents are, beside the beginning of the document and TextRank."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from upwell.tasks.centrality import text_rank
from upwell.tasks.metrics import Measure, has_rouge, mean, rouge, token_f1
from upwell.tasks.overlap import Reference
from upwell.tasks.unit_features import Document, words_of
from upwell.text.examples import language_of
from upwell.text.labelled import SummarizedText

ROUGES = ("rouge1", "rouge2", "rougeL")
LEAD = "the first sentences"
"""The name of the baseline."""
MOST_SENTENCES = 6
DECIDING = 500
"""Documents that decide how many sentences the baseline takes."""


def summary_measures(answers: Sequence[Sequence[str]], outputs: Sequence[str]) -> dict[str, Measure]:
    """ROUGE-1, -2 and -L (F1, Lin 2004) of documents, each figure with the right summary that it is greatest with; F1 of words where
    the rouge-score library is not installed. Chinese is compared by characters.
    """
    if not has_rouge():
        pairs = zip(answers, outputs, strict=True)
        return {"token_f1": mean([max(token_f1(one, said) for one in right) for right, said in pairs])}
    return {
        kind: mean(
            [
                max(rouge(one, said, language=language_of(one), kind=kind) for one in right)
                for right, said in zip(answers, outputs, strict=True)
            ]
        )
        for kind in ROUGES
    }


def lead(text: str, number: int) -> str:
    """The first `number` sentences."""
    units = Document(text, "sentences").units[:number]
    return text[units[0].start : units[-1].end] if units else text


def lead_for(rows: Sequence[SummarizedText]) -> Callable[[str], str]:
    """What takes as many first sentences as suit these documents best."""
    some = [(row.document, Reference(words_of(row.summaries[0]))) for row in rows[:DECIDING]]

    def worth(number: int) -> float:
        return float(np.mean([right.rouge(words_of(lead(text, number))).mean for text, right in some]))

    best = max(range(1, MOST_SENTENCES + 1), key=worth)
    return lambda text: lead(text, best)


def text_rank_summary(text: str, number: int) -> str:
    """The `number` most central sentences by TextRank (Mihalcea & Tarau 2004), in their order."""
    document = Document(text, "sentences")
    if not document.units:
        return text
    best = sorted(np.argsort(-text_rank(document.words), kind="stable")[:number].tolist())
    parts = [text[document.units[place].start : document.units[place].end] for place in best]
    return ("" if language_of(text) == "zh" else " ").join(parts)
