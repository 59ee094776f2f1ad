"""How summaries of units are learned: the network, the weights of units, and what held-out documents decide.

What the network is to tell comes from an oracle: the clauses that together are most like the summary (Nallapati et al. 2017, section
3), and of these the words that stand in runs that they share with it.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from upwell.api.reader_training import ReaderTraining, UsualNetwork
from upwell.api.starting import Start
from upwell.api.summarizing.extracts import MARKS, READ, ExtractModel, Manner, Weighed, bags_of, parts_of, weighed
from upwell.api.summarizing.scoring import UnitScorer, learn_scorer
from upwell.api.summarizing.selection import Floats
from upwell.api.texts import Observer
from upwell.errors import UserError
from upwell.model.network import Network
from upwell.tasks.overlap import Reference, best_rouge, oracle, shared_runs
from upwell.tasks.unit_features import KINDS, Document, words_of
from upwell.text.labelled import SummarizedText
from upwell.text.passages import PassageFeatures
from upwell.training.example_streams import BagStream, Examples, Ids
from upwell.training.loop import Result
from upwell.training.options import TrainOptions
from upwell.training.reader_plan import ReaderPlan, reader_recipe
from upwell.training.reading import ReaderJudge, ReaderScore, TokenTags

EMBEDDING = 64
MINUTES, RATE, DECAY, AVERAGE = 2.0, 2e-3, 0.01, 0.99
TOKENS, EPOCHS, MOST_EPOCHS = 1_000_000, 4.0, 12.0
"""Tokens that are read in all, in no fewer and no more passes than these."""
WORD_DROPOUT, FEATURE_DROPOUT = 0.5, 0.2
USUAL = UsualNetwork("gru", "60k", 1, {"dropout": 0.3, "output_dropout": 0.4})
SHARES = (0.0, 0.5, 1.0, 2.0, 4.0)
AIMS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Of the words of a usual summary."""
REDUNDANCIES = (0.0, 1.0, 3.0)
"""What is tried on held-out documents."""
DECIDING = 400
"""Held-out documents that decide, at most."""


@dataclasses.dataclass(frozen=True)
class LossScore(ReaderScore):
    """As a reader's, chosen by its loss: of tokens that are mostly not in the summary the share that is right says little."""

    @property
    def criterion(self) -> float:
        """The loss."""
        return self.loss


class LossJudge(ReaderJudge):
    """Held-out examples to judge by their loss."""

    def __call__(self, network: Network) -> LossScore:
        """Judge `network`, in the mode it is in."""
        return LossScore(**dataclasses.asdict(super().__call__(network)))


class ExtractTraining(ReaderTraining):
    """Documents with their summaries, ready to be learned from."""

    def __init__(
        self,
        train: Sequence[SummarizedText],
        valid: Sequence[SummarizedText],
        options: TrainOptions,
        start: Start | None = None,
    ) -> None:
        """Learn from `train`, choose by `valid`; no run to begin with is taken."""
        assert start is None
        self.options, self.minutes = options, MINUTES
        self.rows, self.held_out = _usable(train), _usable(valid)[:DECIDING]
        if not self.rows or not self.held_out:
            raise UserError(
                "no document is left to learn from, or none to choose by: document and summary must hold words"
            )
        self.known = PassageFeatures.learn((row.document for row in self.rows), (row.summaries[0] for row in self.rows))
        self.usual = float(np.median([len(words_of(row.summaries[0])) for row in self.rows]))
        examples, held_out = (_examples(rows, self.known) for rows in (self.rows, self.held_out))
        self.epochs = min(MOST_EPOCHS, max(EPOCHS, round(TOKENS / int(examples.lengths.sum()))))
        self.recipe = reader_recipe(
            examples, options, rows=16, learning_rate=RATE, weight_decay=DECAY, ema=AVERAGE, warmup=0.05, decay=0.95
        )
        self.stream = BagStream(
            examples,
            self.recipe.rows,
            self.recipe.seed,
            counts=np.concatenate([[0], self.known.passages, np.zeros(MARKS, np.int64)]),
            word_dropout=WORD_DROPOUT,
            feature_dropout=FEATURE_DROPOUT,
        )
        self.config = USUAL.config(
            options,
            task={"head": "tags", "outputs": 2},
            vocab_size=self.known.size + MARKS,
            context=READ,
            embedding_width=EMBEDDING,
            bags=True,
        )
        self.objective = TokenTags(2)
        self.judge = LossJudge(held_out, self.objective)

    def learn(
        self, plan: ReaderPlan, folder: Path, observe: Observer, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[ExtractModel | None, Result]:
        """Train the network, then find the weights of units and what goes best; None after an interrupt."""
        networks, result = self.train_members(plan, folder, observe, stopped)
        if not result.finished:
            return None, result
        tried: list[Tried] = []
        for kind in KINDS:
            scorer = self.scorer(kind)
            found = weighed([Document(row.document, kind) for row in self.held_out], networks, scorer)
            for cut in (False, True):
                tried.append(decide(found, [references_of(row) for row in self.held_out], scorer, cut=cut))
                observe("note", {"text": f"{tried[-1].describe()} of held-out documents"})
        best = plainest(tried)
        observe("note", {"text": f"taken: {best.manner.units}{', cut' if best.manner.cut else ''}"})
        return ExtractModel(networks, self.known, best.scorer, best.manner), result

    def scorer(self, kind: str) -> UnitScorer:
        """The weights of units of this kind."""
        train, valid = (
            [(Document(row.document, kind), references_of(row)[0]) for row in rows]
            for rows in (self.rows, self.held_out)
        )
        return learn_scorer(train, valid, self.known, self.usual)


def references_of(row: SummarizedText) -> list[Reference]:
    """Its summaries, to be compared with."""
    return [Reference(words_of(text)) for text in row.summaries]


@dataclasses.dataclass(frozen=True)
class Tried:
    """A way to make summaries, and how well it did."""

    manner: Manner
    scorer: UnitScorer
    rouge: Floats
    """(N,) Mean ROUGE of each held-out document."""

    def describe(self) -> str:
        """In words for people."""
        manner = self.manner
        return (
            f"{manner.units}{', cut' if manner.cut else ''}, about {manner.aim:g} words, network {manner.share:g}, "
            f"redundancy {manner.redundancy:g}: mean ROUGE {self.rouge.mean():.4f}"
        )


def decide(
    documents: Sequence[Weighed], references: Sequence[Sequence[Reference]], scorer: UnitScorer, *, cut: bool
) -> Tried:
    """How to make summaries of the documents' units, cut or whole, so that their mean ROUGE is greatest."""

    def rouge(manner: Manner) -> Floats:
        found = (
            best_rouge(right, document.words(document.pieces(manner))).mean
            for document, right in zip(documents, references, strict=True)
        )
        return np.array(list(found))

    kind = documents[0].document.kind
    manners = [Manner(kind, scorer.usual * aim, share, 0.0, cut) for aim, share in itertools.product(AIMS, SHARES)]
    best = max(manners, key=lambda manner: rouge(manner).mean())
    alike = [dataclasses.replace(best, redundancy=redundancy) for redundancy in REDUNDANCIES]
    best = max(alike, key=lambda manner: rouge(manner).mean())
    return Tried(best, scorer, rouge(best))


def plainest(tried: Sequence[Tried]) -> Tried:
    """The first whose mean ROUGE is within a standard error of the best one's (Breiman et al. 1984, section 3.4.3): the sentences of
    the document read better than clauses and pieces, which have to win more than chance.
    """
    best = max(tried, key=lambda one: one.rouge.mean())

    def is_as_good(one: Tried) -> bool:
        less = best.rouge - one.rouge
        return bool(less.mean() <= less.std() / np.sqrt(len(less)))

    return next(one for one in tried if is_as_good(one))


def _usable(rows: Sequence[SummarizedText]) -> list[SummarizedText]:
    return [row for row in rows if words_of(row.document) and words_of(row.summaries[0])]


def _examples(rows: Sequence[SummarizedText], known: PassageFeatures) -> Examples:
    tokens: list[Ids] = []
    targets: list[Ids] = []
    for row in rows:
        document = Document(row.document, "clauses")
        tokens += parts_of(bags_of(document, known))
        targets += parts_of(targets_of(document, words_of(row.summaries[0])))
    return Examples(tokens, targets)


def targets_of(document: Document, summary: Sequence[str]) -> Any:
    """(T, 1) 1 for a token that is in the summary, 0 for one that is not, -1 for a mark."""
    found = np.array([[0 if word else -1] for word in document.stems])
    places = [
        place
        for number in oracle(document.words, Reference(summary))
        for place in range(document.units[number].first, document.units[number].last)
        if document.stems[place]
    ]
    shared = shared_runs([document.stems[place] for place in places], summary)
    found[[place for place, there in zip(places, shared, strict=True) if there]] = 1
    return found
