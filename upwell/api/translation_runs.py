"""The task of translating: how its data is read, what learns it, and what is measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from upwell.api.labelled_task import details, score
from upwell.api.starting import Start
from upwell.api.translating import TranslatorModel, TranslatorTraining, examples_of
from upwell.tasks.metrics import bleu, chrf
from upwell.text.labelled import Labelled, Pair, read_pairs
from upwell.text.words import HAN
from upwell.training.options import TrainOptions
from upwell.training.pair_examples import PairJudge
from upwell.training.reader_plan import ReaderPlan
from upwell.training.runs import TRANSLATOR

SCORED = 2000
"""Most held-out pairs that are translated and scored."""


class Translate:
    """Sources with their targets."""

    kind = TRANSLATOR
    roles = ("source", "target")
    foreign = ("separator", "column")
    begins_with = (TRANSLATOR,)

    def read(self, sources: Sequence[str], columns: dict[str, str], options: TrainOptions) -> Labelled[Pair]:
        """Pairs, their Chinese in one script."""
        how: dict[str, Any] = {"encoding": options.encoding, "errors": options.errors}
        return read_pairs(list(sources), columns=columns, script=options.script, **how)

    def training(
        self, train: Labelled[Pair], valid: Labelled[Pair], options: TrainOptions, start: Start | None = None
    ) -> TranslatorTraining:
        """Ready to learn."""
        return TranslatorTraining(train, valid, options, start)

    def parameters(self, model: TranslatorModel, plan: ReaderPlan) -> dict[str, int]:
        """Of the network."""
        return {"total": plan.parameters["total"], "network": plan.parameters["total"]}

    def examine(self, model: TranslatorModel, train: Labelled[Pair], valid: Labelled[Pair]) -> dict[str, Any]:
        """BLEU and chrF of the corpus, with what sacrebleu made them with, on SCORED pairs at most, and nats a token on all.
        Baseline: the source as it stands.
        """
        step = -(-len(valid) // SCORED)
        rows = valid.rows[::step]
        sources, wanted = [row.source for row in rows], [row.target for row in rows]
        said = model.translate(sources)
        language = "zh" if is_chinese(wanted) else "other"
        measures = {
            "bleu": [bleu(wanted, texts, language=language) for texts in (said, sources)],
            "chrf": [chrf(wanted, texts) for texts in (said, sources)],
        }
        tokenizers = model.source_tokenizer, model.tokenizer
        judged = PairJudge(examples_of(valid, tokenizers, model.network.config.context))(model.network)
        return {
            "scores": {name: score(*pair) for name, pair in measures.items()},
            "details": details({}, {}, None),
            "baseline": "copying",
            "scored": len(rows),
            "signatures": {name: pair[0].signature for name, pair in measures.items()},
            "valid_loss": judged.loss,
            "perplexity": judged.perplexity,
        }


def is_chinese(texts: Sequence[str]) -> bool:
    """Whether most of the letters are Han characters, so that BLEU counts these and not words between blanks."""
    han = sum(len(re.findall(f"[{HAN}]", text)) for text in texts)
    return 2 * han > sum(letter.isalpha() for text in texts for letter in text)
