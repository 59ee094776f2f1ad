"""The task of summarizing documents: how its data is read, what learns it, and what is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from upwell.api.labelled_task import details, score
from upwell.api.starting import Start
from upwell.api.summarizing.extracts import ExtractModel
from upwell.api.summarizing.training import ExtractTraining
from upwell.tasks.summaries import LEAD, lead_for, summary_measures
from upwell.text.labelled import Labelled, SummarizedText, read_summaries
from upwell.training.options import TrainOptions
from upwell.training.reader_plan import ReaderPlan
from upwell.training.runs import SUMMARIZER


class Summarize:
    """Documents with their summaries."""

    kind = SUMMARIZER
    roles = ("document", "summary")
    foreign = ("tokenizer", "vocab_size", "context", "separator", "column", "script")
    begins_with = ()

    def read(self, sources: Sequence[str], columns: dict[str, str], options: TrainOptions) -> Labelled[SummarizedText]:
        """Documents with their summaries."""
        how: dict[str, Any] = {"encoding": options.encoding, "errors": options.errors}
        return read_summaries(list(sources), **how, **columns)

    def training(
        self,
        train: Labelled[SummarizedText],
        valid: Labelled[SummarizedText],
        options: TrainOptions,
        start: Start | None = None,
    ) -> ExtractTraining:
        """Ready to learn."""
        return ExtractTraining(train.rows, valid.rows, options, start)

    def parameters(self, model: ExtractModel, plan: ReaderPlan) -> dict[str, int]:
        """As the model counts them."""
        return model.parameters()

    def examine(
        self, model: ExtractModel, train: Labelled[SummarizedText], valid: Labelled[SummarizedText]
    ) -> dict[str, Any]:
        """ROUGE where its library is installed, else F1 of words. Baseline: the beginning of the document, as many sentences as suit
        the training documents best.
        """
        documents, wanted = [row.document for row in valid.rows], [row.summaries for row in valid.rows]
        lead = lead_for(train.rows)
        found = summary_measures(wanted, model.summarize(documents))
        other = summary_measures(wanted, [lead(text) for text in documents])
        scores = {name: score(found[name], other[name]) for name in found}
        return {"scores": scores, "details": details({}, {}, None), "baseline": LEAD}
