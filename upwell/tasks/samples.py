"""What a model writes when it is asked, to be read: the end of a run shows it, and the run keeps it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from upwell.generation import Generation, SamplingOptions, generate
from upwell.tasks.answering import ModelAnswerer
from upwell.tasks.scorecard import world_examples
from upwell.tasks.task import give_reasons
from upwell.text.examples import LANGUAGES, Example, Formats

STORIES = {"en": 2, "zh": 1}
"""How many of each language."""
STORY_TOKENS, ANSWER_TOKENS, TEXT_TOKENS = 400, 120, 120
"""Most tokens of a story, of an answer, and of a text of the model's own."""
STORY_TEMPERATURE, TEXT_TEMPERATURE = 0.7, 0.8


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One thing that the model was given, and what it wrote."""

    view: str
    """story, translation or qa; text for what it writes when nothing is given."""
    language: str
    """Of what was given; empty for a text."""
    given: dict[str, str]
    """The fields of the prompt: start, text, question."""
    output: str
    ended: bool
    """Whether the model ended it; otherwise it was cut."""
    right: str = ""
    """A right answer, where there is one to compare with."""
    reason: str = ""
    """What the model wrote before its answer, where it learned to give a reason."""

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return dataclasses.asdict(self)


def draw_samples(answerer: ModelAnswerer, formats: Formats, *, seed: int = 0) -> list[Sample]:
    """Stories, a translation and an answer, in the languages whose `formats` the model learned.

    What is given is the first of the test examples of `seed`, not the best. A model that learned no format writes two
    texts of its own.
    """

    def knows(view: str) -> list[str]:
        return [language for language in LANGUAGES if (view, language) in formats]

    drawn = [_stories(answerer, language, seed=seed) for language in knows("story")]
    drawn += [_answers(answerer, view, knows(view)[:1], seed=seed) for view in ("translation", "qa") if knows(view)]
    found = [sample for samples in drawn for sample in samples]
    return found or _texts(answerer, seed=seed)


def _stories(answerer: ModelAnswerer, language: str, *, seed: int) -> list[Sample]:
    examples = _examples("story", [language], STORIES[language], seed=seed)
    options = SamplingOptions(max_tokens=STORY_TOKENS, temperature=STORY_TEMPERATURE, seed=seed)
    return _written(answerer, examples, options, right=False)


def _answers(answerer: ModelAnswerer, view: str, languages: Sequence[str], *, seed: int) -> list[Sample]:
    shortest = min(_examples(view, languages, 8, seed=seed), key=lambda example: example.difficulty["events"])
    options = SamplingOptions(max_tokens=ANSWER_TOKENS, temperature=0.0, stop=("\n",), seed=seed)
    return _written(answerer, [shortest], options, right=True)


def _texts(answerer: ModelAnswerer, *, seed: int) -> list[Sample]:
    options = SamplingOptions(max_tokens=TEXT_TOKENS, temperature=TEXT_TEMPERATURE, seed=seed)
    results = generate(answerer.network, answerer.tokenizer, ["", ""], options)
    return [
        Sample(view="text", language="", given={}, output=result.text, ended=result.finish_reason == "stop")
        for result in results
    ]


def _examples(view: str, languages: Sequence[str], number: int, *, seed: int) -> list[Example]:
    return world_examples(view, number, split="test", languages=languages, levels=(1,), seed=seed)


def _written(
    answerer: ModelAnswerer, examples: Sequence[Example], options: SamplingOptions, *, right: bool
) -> list[Sample]:
    def write(prompts: Sequence[str]) -> list[Generation]:
        return generate(answerer.network, answerer.tokenizer, list(prompts), options, begin_document=True)

    reasons, prompts = give_reasons(
        examples,
        [example.prompt for example in examples],
        lambda prompts, _: [result.text for result in write(prompts)],
    )
    results = write(prompts)
    return [
        Sample(
            view=example.view,
            language=example.language,
            given=example.format.fields(example.prompt),
            output=example.format.answer(result.text),
            ended=result.finish_reason == "stop",
            right=example.answer if right else "",
            reason=reason,
        )
        for example, result, reason in zip(examples, results, reasons, strict=True)
    ]


def to_json(samples: Iterable[Sample]) -> list[dict[str, Any]]:
    """As a run keeps them."""
    return [sample.to_dict() for sample in samples]
