"""Answers that are words, as those of bAbI (Weston et al. 2015): read from a story whose sentences lead from one to the next.

docs/experiments.md, "Stories", has what each part is worth.

Shapes: N questions.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch

from upwell.api.answering.replies import Reply
from upwell.api.members import load_members, save_members
from upwell.api.reader_training import ReaderTraining
from upwell.api.texts import Observer
from upwell.errors import UserError
from upwell.model.config import NetworkConfig
from upwell.model.files import load_network, read_json
from upwell.model.story_reader import StoryReader
from upwell.text.files import atomic_write_json
from upwell.text.labelled import Question
from upwell.text.story_words import Encoded, StoryWords
from upwell.training.loop import Result
from upwell.training.options import TrainOptions, option_name
from upwell.training.reader_plan import ReaderPlan, reader_recipe
from upwell.training.runs import ANSWERER, Run
from upwell.training.story_examples import (
    StoryExample,
    StoryExamples,
    StoryJudge,
    StoryStream,
    answers_in_words,
    say_words,
)

WIDTH, HEADS, LAYERS, READERS = 48, 1, 3, 4
RATE, DECAY, CLIP = 5e-3, 1e-2, 0.5
SENTENCES = 1e6
"""Sentences that are read in a training, where that makes between LEAST_EPOCHS and MOST_EPOCHS."""
LEAST_EPOCHS, MOST_EPOCHS = 100.0, 200.0
VALIDATIONS = 40
UNDERSTOOD = 1e-3
"""Nats a held-out question, below which a reader has nothing to learn."""
NAMINGS = 3
"""Namings over which what is said is averaged."""
WORDS = "stories.json"
"""The file of a run that holds the words of stories."""


@dataclass(frozen=True)
class WordModel:
    """All that answers in words."""

    network: StoryReader
    words: StoryWords

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """The likeliest words for each question."""
        encoded = [self.words.encode(row) for row in questions]
        examples = examples_of(questions, encoded, self.words)
        said = say_words(self.network.eval(), examples, NAMINGS)
        return [
            Reply(
                self.words.text([word for word, _ in found], one, row),
                math.prod(probability for _, probability in _until_end(found)),
            )
            for row, one, found in zip(questions, encoded, said, strict=True)
        ]

    def parameters(self) -> dict[str, int]:
        """Of the words, of what reads the story, and of what says the answer."""
        sizes = {name: weight.numel() for name, weight in self.network.named_parameters()}
        words = sizes["embedding_weight"] + sizes["question_weight"]
        answers = sum(size for name, size in sizes.items() if name.startswith(("output", "previous")))
        total = sum(sizes.values())
        return {"total": total, "words": words, "story": total - words - answers, "answers": answers}

    def save(self, run: Run, values: dict[str, Any]) -> None:
        """Write all files of a run but those of its training; `values` are further keys of its config."""
        run.write_config({**values, "manner": "words", **save_members(run, (self.network,))}, ANSWERER)
        atomic_write_json(run.folder / WORDS, self.words.to_dict())

    @classmethod
    def load(cls, run: Run, *, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32) -> Self:
        """The inverse; a UserError where a file is missing, damaged or of something else."""
        config, path = run.network_config(ANSWERER), run.folder / WORDS
        values = read_json(path)
        try:
            words = StoryWords.from_dict(values)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(f"{path}: is damaged ({error})") from None
        known = ("words", words.size, words.answer_size, words.sentence_size, 1)
        if known != (config.head, config.vocab_size, config.outputs, config.context, config.readers):
            raise UserError(f"{path}: is not of this run: {run.config_path} has a network of another shape")
        (network,) = load_members(run, ANSWERER, device=device, dtype=dtype)
        return cls(network, words)


def _until_end(said: Sequence[tuple[int, float]]) -> Sequence[tuple[int, float]]:
    """The words of an answer, and its end where there is one."""
    ends = (place for place, (word, _) in enumerate(said, 1) if word == 0)
    return said[: next(ends, len(said))]


def network_of(words: StoryWords, *, layers: int, readers: int) -> NetworkConfig:
    """The network for these words."""
    return NetworkConfig(
        vocab_size=words.size,
        blocks=("mingru",)
        * layers,  # a gate and a candidate that do not see the state: the minGRU's kind of recurrence
        width=WIDTH,
        heads=HEADS,
        causal=False,
        head="words",
        outputs=words.answer_size,
        context=words.sentence_size,
        readers=readers,
    )


def examples_of(questions: Sequence[Question], encoded: Sequence[Encoded], words: StoryWords) -> StoryExamples:
    """The questions as a reader takes them; those without an answer are as if it were of no word."""
    rows = [
        StoryExample(
            one.sentences,
            one.question,
            words.encode_answer(row.answers[0].text if row.answers else "", one),
            one.distances,
        )
        for row, one in zip(questions, encoded, strict=True)
    ]
    return StoryExamples(rows, words.classes, words.interchange.ordered)


class WordTraining(ReaderTraining):
    """Questions whose answers are words, ready to be learned from."""

    def __init__(self, train: Sequence[Question], valid: Sequence[Question], options: TrainOptions) -> None:
        """Learn from `train`, choose by `valid`."""
        for name in ("model", "size", "dropout", "output_dropout"):
            if getattr(options, name) is not None:
                raise UserError(f"{option_name(name)}: is not an option where answers are words; --depth is")
        self.options = dataclasses.replace(options, dtype=options.dtype or "float32")
        self.words = StoryWords.learn(train)
        examples, held_out = (
            examples_of(rows, [self.words.encode(row) for row in rows], self.words) for rows in (train, valid)
        )
        self.epochs = min(MOST_EPOCHS, max(LEAST_EPOCHS, SENTENCES // int(examples.lengths.sum())))
        self.recipe = reader_recipe(
            examples,
            self.options,
            rows=32,
            learning_rate=RATE,
            weight_decay=DECAY,
            clip=CLIP,
            warmup=0.02,
            decay=0.98,
            validations=VALIDATIONS,
        )
        self.stream = StoryStream(examples, self.recipe.rows, self.recipe.seed)
        self.config = network_of(self.words, layers=options.depth or LAYERS, readers=READERS)
        self.objective = answers_in_words
        self.judge = self.story_judge = StoryJudge(held_out)

    def learn(
        self, plan: ReaderPlan, folder: Path, observe: Observer, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[WordModel | None, Result]:
        """Train the readers, until one has understood, and keep the one that answers the held-out questions best; None after an
        interrupt.
        """
        understood = False

        def watch(kind: str, figures: dict[str, Any]) -> None:
            nonlocal understood
            understood = understood or (kind == "validation" and figures["loss"] < UNDERSTOOD)
            observe(kind, figures)

        network, result = self.train(plan, folder, watch, lambda: stopped() or understood)
        if understood and not result.finished:
            network = load_network(folder / "model.safetensors", self.config).to(plan.compute.device).eval()
            result = dataclasses.replace(result, finished=True)
        if not result.finished:
            return None, result
        return WordModel(network.only(self.story_judge(network).reader), self.words), result


def guesses(train: Sequence[Question], valid: Sequence[Question]) -> list[str]:
    """The most frequent answer."""
    counts = Counter(answer.text for row in train for answer in row.answers)
    return [counts.most_common(1)[0][0]] * len(valid)
