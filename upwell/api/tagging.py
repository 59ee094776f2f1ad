"""What a tagger is and how it learns: a network that reads words as bags of their parts.

docs/experiments.md, "Taggers", has what each part is worth. Shapes: T words of a sentence, C tags.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import softmax

from upwell.api.labelled_task import FREQUENT, details, score
from upwell.api.members import load_members, save_members, usual_members
from upwell.api.reader_training import ReaderTraining, UsualNetwork
from upwell.api.starting import Start
from upwell.api.texts import Observer
from upwell.errors import UserError
from upwell.model.config import NetworkConfig
from upwell.model.files import load_tensors, save_weights, tensor_shapes
from upwell.model.reader import Reader
from upwell.tasks.baselines import MostFrequentTag
from upwell.tasks.entity_metrics import entity_measures
from upwell.tasks.label_metrics import confusion, each_label
from upwell.tasks.metrics import Measure, ratio
from upwell.text.labelled import Labelled, TaggedSentence, is_entity_scheme, read_tags
from upwell.text.word_features import WordFeatures
from upwell.training.example_streams import BagStream, Examples
from upwell.training.loop import Result
from upwell.training.options import TrainOptions
from upwell.training.reader_plan import ReaderPlan, reader_recipe
from upwell.training.reading import ReaderJudge, TokenTags, read_all
from upwell.training.runs import TAGGER, Run

EMBEDDING = 96
EPOCHS, WORDS, MOST_EPOCHS = 14.0, 500_000, 60.0
"""Passes over the sentences; more where they hold few words, so that so many are read in all, but no more than 60."""
CONTEXT = 512
"""Words of a sentence that attention can see, or as many as the longest sentence had."""
RATE, DECAY, AVERAGE = 3e-3, 0.01, 0.99
WORD_DROPOUT, FEATURE_DROPOUT = 0.25, 0.1
USUAL = UsualNetwork("lstm", "280k", 1, {"dropout": 0.3, "output_dropout": 0.3})
FEATURES = "features.safetensors"
"""The file of a run that holds the features of words."""


@dataclass(frozen=True)
class TaggerModel:
    """All that says what tags the words of a sentence have."""

    networks: tuple[Reader, ...]
    """Their probabilities are averaged."""
    features: WordFeatures
    tags: tuple[str, ...]

    def log_probabilities(self, sentences: Sequence[Sequence[str]]) -> list[npt.NDArray[np.floating[Any]]]:
        """(T, C) of each sentence of words."""
        full = [number for number, words in enumerate(sentences) if words]
        found = [np.zeros((0, len(self.tags)), np.float32)] * len(sentences)
        if full:
            tokens = [self.features.encode(sentences[number]) for number in full]
            examples = Examples(tokens, np.zeros(len(full), np.int64))
            members = [read_all(network.eval(), examples) for network in self.networks]
            for number, *said in zip(full, *members, strict=True):
                found[number] = np.log(np.mean([softmax(one[:, : len(self.tags)], 1) for one in said], axis=0))
        return cast(list[npt.NDArray[np.floating[Any]]], found)

    def predict(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """The likeliest tags of each sentence of words."""
        return [[self.tags[place] for place in row.argmax(1)] for row in self.log_probabilities(sentences)]

    def save(self, run: Run, values: dict[str, Any]) -> None:
        """Write all files of a run but those of its training; `values` are further keys of its config."""
        run.write_config({**values, "labels": list(self.tags), **save_members(run, self.networks)}, TAGGER)
        hashes = torch.from_numpy(self.features.hashes.view(np.int64))
        save_weights(run.folder / FEATURES, {"hashes": hashes, "counts": torch.from_numpy(self.features.counts)})

    @classmethod
    def load(cls, run: Run, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Self:
        """The tagger of a run; a UserError where a file is missing, damaged or of something else."""
        config, values = run.network_config(TAGGER), run.config(TAGGER)
        tags = values.get("labels")
        if tags is None:
            raise UserError(f"{run.folder}: its training has not come to its end; upwell train --resume {run.folder}")
        if (
            not isinstance(tags, list)
            or not 0 < len(tags) <= config.outputs
            or not all(isinstance(x, str) for x in tags)
        ):
            raise UserError(f"{run.config_path}: labels must be names of the network's {config.outputs} outputs")
        networks = cast(tuple[Reader, ...], load_members(run, TAGGER, device=device, dtype=dtype))
        return cls(networks, load_features(run, config), tuple(tags))


def load_features(run: Run, config: NetworkConfig) -> WordFeatures:
    """The features of words that a tagger of `config` knows; a UserError where the file is damaged or of another."""
    path = run.folder / FEATURES
    shape = tensor_shapes(path).get("hashes", (0,))
    tensors = load_tensors(path, {"hashes": (shape, torch.int64), "counts": (shape, torch.int64)})
    features = WordFeatures(tensors["hashes"].numpy().view(np.uint64), tensors["counts"].numpy())
    if features.size != config.vocab_size or not (np.diff(features.hashes) > 0).all():
        raise UserError(f"{path}: is not of this run, or damaged")
    return features


class TaggerTraining(ReaderTraining):
    """Tagged sentences, ready to be learned from."""

    def __init__(
        self,
        train: Sequence[TaggedSentence],
        valid: Sequence[TaggedSentence],
        options: TrainOptions,
        start: Start | None = None,
    ) -> None:
        """Learn from `train`, choose by `valid`; `start`: a tagger to begin with."""
        self.options, self.start = options, start
        self.tags = tuple(sorted({tag for row in train for tag in row.tags}))
        others = tuple(sorted({tag for row in train for tag in row.others}))
        self.features = (
            load_features(start.run, start.config) if start else WordFeatures.learn([row.words for row in train])
        )
        examples, held_out = (self._examples(rows, others) for rows in (train, valid))
        words = int(examples.lengths.sum())
        self.epochs = min(MOST_EPOCHS, max(EPOCHS, round(WORDS / words)))
        self.members = usual_members(words)
        self.recipe = reader_recipe(
            examples, options, rows=16, learning_rate=RATE, weight_decay=DECAY, ema=AVERAGE, warmup=0.05, decay=0.95
        )
        self.stream = BagStream(
            examples,
            self.recipe.rows,
            self.recipe.seed,
            counts=self.features.counts_of(np.arange(self.features.size)),
            word_dropout=WORD_DROPOUT,
            feature_dropout=FEATURE_DROPOUT,
        )
        context = max(CONTEXT, int(examples.lengths.max()), int(held_out.lengths.max()))
        self.config = USUAL.config(
            options,
            start,
            task={
                "outputs": len(self.tags) + len(others),
                "context": max(context, start.config.context) if start else context,
            },
            vocab_size=self.features.size,
            embedding_width=EMBEDDING,
            bags=True,
            head="tags",
        )
        self.objective = TokenTags(len(self.tags))
        self.judge = ReaderJudge(held_out, self.objective)

    def learn(
        self, plan: ReaderPlan, folder: Path, observe: Observer, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[TaggerModel | None, Result]:
        """Train the networks one after the other; None after an interrupt."""
        networks, result = self.train_members(plan, folder, observe, stopped)
        return (TaggerModel(networks, self.features, self.tags) if result.finished else None), result

    def _examples(self, rows: Sequence[TaggedSentence], others: Sequence[str]) -> Examples:
        """Bags of words with the places of their tags, and of those of another kind where there are `others`."""
        kinds = [(self.tags, [row.tags for row in rows])]
        if others:
            kinds.append((tuple(others), [row.others or ("",) * len(row.words) for row in rows]))
        targets = [
            np.stack([_places(names, given[number]) for names, given in kinds], axis=1) for number in range(len(rows))
        ]
        return Examples([self.features.encode(row.words) for row in rows], targets)


def _places(names: Sequence[str], tags: Sequence[str]) -> npt.NDArray[np.int64]:
    """Places (T,) of `tags` among `names`, -1 for one that is not there."""
    known = {name: place for place, name in enumerate(names)}
    return np.array([known.get(tag, -1) for tag in tags], np.int64)


class Tag:
    """Sentences with a tag for each word."""

    kind = TAGGER
    roles = ("words", "tags")
    foreign = ("tokenizer", "vocab_size", "context", "separator", "column", "script")
    begins_with = (TAGGER,)

    def read(self, sources: Sequence[str], columns: dict[str, str], options: TrainOptions) -> Labelled[TaggedSentence]:
        """Tagged sentences."""
        how: dict[str, Any] = {"encoding": options.encoding, "errors": options.errors}
        return read_tags(list(sources), **how, **columns)

    def training(
        self,
        train: Labelled[TaggedSentence],
        valid: Labelled[TaggedSentence],
        options: TrainOptions,
        start: Start | None = None,
    ) -> TaggerTraining:
        """Ready to learn."""
        return TaggerTraining(train.rows, valid.rows, options, start)

    def parameters(self, model: TaggerModel, plan: ReaderPlan) -> dict[str, int]:
        """Of the networks together."""
        total = plan.parameters["total"] * len(model.networks)
        return {"total": total, "network" if len(model.networks) == 1 else "networks": total}

    def examine(
        self, model: TaggerModel, train: Labelled[TaggedSentence], valid: Labelled[TaggedSentence]
    ) -> dict[str, Any]:
        """Share of words with the right tag and, of tags that mark entities, F1 of these; intervals are over sentences.
        Baseline: the most frequent tag of each word.
        """
        frequent = MostFrequentTag().fit(train.rows)
        said = model.predict([row.words for row in valid.rows])
        guessed = [frequent.tag(row.words) for row in valid.rows]
        wanted = [row.tags for row in valid.rows]
        scores = {"accuracy": score(_word_accuracy(wanted, said), _word_accuracy(wanted, guessed))}
        if is_entity_scheme(train.labels):
            scores["entity_f1"] = score(entity_measures(wanted, said)["f1"], entity_measures(wanted, guessed)["f1"])
        right, answers = (list(itertools.chain(*tags)) for tags in (wanted, said))
        found = details(each_label(right, answers), valid.labels, confusion(right, answers))
        return {"scores": scores, "details": found, "baseline": FREQUENT}


def _word_accuracy(wanted: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> Measure:
    return ratio([(sum(map(str.__eq__, tags, right)), len(right)) for tags, right in zip(said, wanted, strict=True)])
