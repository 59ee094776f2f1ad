"""Putting a user's own text to a model that knows the task, in the prompt format that it was trained with."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from upwell.errors import UserError
from upwell.tasks.answering import Answerer
from upwell.text.examples import PromptFormat
from upwell.world.views.classification import LABELS, TOPIC_LABEL

Formats = Mapping[tuple[str, str], PromptFormat]
"""By view and language."""
MAX_TOKENS = 300
WORD_CLASSES = {"en": ("noun", "verb", "adjective", "adverb"), "zh": ("名词", "动词", "形容词", "副词")}
INTO = {"en": "in Chinese", "zh": "英文"}


@dataclass(frozen=True)
class Asker:
    """A model that is asked."""

    answerer: Answerer
    formats: Formats
    name: str
    """Of the run, for messages."""

    def translate(self, text: str) -> str:
        """English to Chinese, Chinese to English."""
        return self._ask("translation", text=text)

    def senses(self, word: str) -> list[tuple[str, str, float]]:
        """What a single word may mean: word class, translation, the model's probability of that translation.

        The likeliest first; only translations that the model is surer of than not, or the likeliest one alone.
        """
        language = language_of(word)
        wording = "{} ({})" if language == "en" else "{}（{}）"
        form = self._format("dictionary", language)
        prompts = [form.prompt(word=wording.format(word, kind), what=INTO[language]) for kind in WORD_CLASSES[language]]
        outputs = self._write(form, prompts)
        pairs = [(prompt, form.separator + output) for prompt, output in zip(prompts, outputs, strict=True)]
        likelihoods = self.answerer.likelihoods(pairs) or []
        found = [
            (kind, output, math.exp(-likelihood.nats))
            for kind, output, likelihood in zip(WORD_CLASSES[language], outputs, likelihoods, strict=True)
        ]
        found.sort(key=lambda sense: -sense[2])
        return [sense for sense in found if sense[2] >= 0.5] or found[:1]

    def answer(self, text: str, question: str = "") -> str:
        """The answer to `question` about `text`; without one the last sentence of `text` is the question."""
        if not question:
            text, question = split_question(text)
        return self._ask("qa", text=text, question=question)

    def classify(self, text: str, of: str = "") -> str:
        """The topic of `text`, or how the person called `of` felt in the end: good or bad."""
        language = language_of(text)
        label = LABELS[language].format(of) if of else TOPIC_LABEL[language]
        return self._ask("classification", text=text, label=label)

    def summarize(self, text: str) -> str:
        """`text` in a sentence or two."""
        return self._ask("summarization", text=text)

    def _ask(self, view: str, **fields: str) -> str:
        form = self._format(view, language_of(fields["text"]))
        return self._write(form, [form.prompt(**fields)])[0]

    def _write(self, form: PromptFormat, prompts: Sequence[str]) -> list[str]:
        stop = () if form.lines else ("\n",)
        written = self.answerer.write(prompts, max_tokens=MAX_TOKENS, stop=stop, temperature=0.0, seed=0)
        return [form.answer(output) for output in written]

    def _format(self, view: str, language: str) -> PromptFormat:
        if (view, language) not in self.formats:
            known = sorted({name for name, _ in self.formats})
            what = f"it knows {', '.join(known)}" if known else "it was trained on plain text"
            raise UserError(
                f"{self.name}: does not know {view} in {language}; {what}. upwell train makes a run that does"
            )
        return self.formats[view, language]


def language_of(text: str) -> str:
    """zh where there is a Han character, else en."""
    return "zh" if re.search(r"[\u3400-\u9fff]", text) else "en"


def split_question(text: str) -> tuple[str, str]:
    """What comes before the last sentence, and that sentence; a UserError where it does not end in a question mark."""
    match = re.fullmatch(r"(.*?)([^.!?。！？]+[?？])\s*", text, re.DOTALL)
    if not match:
        raise UserError(
            'the text must end in a question, e.g. "Anna has a red ball. What does Anna have?", or be given by --about'
        )
    return match[1].strip(), match[2].strip()


def formats_to_json(formats: Formats) -> dict[str, dict[str, Any]]:
    """As a run stores them: view, language, format."""
    found: dict[str, dict[str, Any]] = {}
    for (view, language), form in formats.items():
        found.setdefault(view, {})[language] = form.to_dict()
    return found


def formats_from_json(values: Any, *, where: str) -> dict[tuple[str, str], PromptFormat]:
    """The inverse of `formats_to_json`; a UserError naming `where` for anything else."""
    try:
        return {
            (view, language): PromptFormat.from_dict(form)
            for view, languages in values.items()
            for language, form in languages.items()
        }
    except (AttributeError, TypeError) as error:
        raise UserError(f"{where}: formats must be given by view and language") from error
