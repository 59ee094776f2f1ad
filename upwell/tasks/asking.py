"""Putting a user's own text to a model that knows the task, in the prompt format that it was trained with."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from upwell.errors import UserError
from upwell.tasks.answering import Answerer
from upwell.text.examples import LANGUAGES, Formats, PromptFormat, language_of
from upwell.world.views.classification import LABELS, TOPIC_LABEL
from upwell.world.views.dictionary import CLASSES, QUESTIONS, entry_text

MAX_TOKENS = 300


@dataclass(frozen=True)
class Asker:
    """A model that is asked."""

    answerer: Answerer
    formats: Formats
    name: str
    """Of the run, for messages."""

    @staticmethod
    def is_word(text: str) -> bool:
        """Whether a text is a single word: letters alone, and in Chinese no more than two of them."""
        return text.isalpha() and (language_of(text) == "en" or len(text) <= 2)

    def translate(self, text: str) -> str:
        """English to Chinese, Chinese to English."""
        return self._ask("translation", text=text)

    def senses(self, word: str) -> list[tuple[str, str, float]]:
        """What a single word may mean: word class, translation, the model's probability of that translation.

        The likeliest first; only translations that the model is surer of than not, or the likeliest one alone.
        """
        language = language_of(word)
        form = self._format("dictionary", language)
        classes = [names[LANGUAGES.index(language)] for names in CLASSES.values()]
        asked = QUESTIONS[language]["translation"]
        prompts = [form.prompt(word=entry_text(word, kind), what=asked) for kind in classes]
        outputs = self._write(form, prompts)
        pairs = [(prompt, form.separator + output) for prompt, output in zip(prompts, outputs, strict=True)]
        likelihoods = self.answerer.likelihoods(pairs) or []
        found = [
            (kind, output, math.exp(-likelihood.nats))
            for kind, output, likelihood in zip(classes, outputs, likelihoods, strict=True)
        ]
        found.sort(key=lambda sense: -sense[2])
        return [sense for sense in found if sense[2] >= 0.5] or found[:1]

    def answer(self, text: str, question: str = "") -> str:
        """The answer to `question` about `text`; without one the last sentence of `text` is the question."""
        return self.answer_with_reason(text, question)[0]

    def answer_with_reason(self, text: str, question: str = "") -> tuple[str, str]:
        """The answer, and the facts of `text` that the model gave for it first; "" if it learned to answer at once."""
        if not question:
            text, question = split_question(text)
        form = self._format("qa", language_of(text))
        prompt, reason = form.prompt(text=text, question=question), ""
        if form.conclusion:
            (reason,) = self._write(form, [prompt])
            prompt = form.reasoned(prompt, reason)
        return self._write(form, [prompt])[0], reason

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


def split_question(text: str) -> tuple[str, str]:
    """What comes before the last sentence, and that sentence; a UserError where it does not end in a question mark."""
    match = re.fullmatch(r"(.*?)([^.!?。！？]+[?？])\s*", text, re.DOTALL)
    if not match:
        raise UserError(
            'the text must end in a question, e.g. "Anna has a red ball. What does Anna have?", or be given by --about'
        )
    return match[1].strip(), match[2].strip()
