"""Examples of tasks and how they are written as text: data only, so that training text and scoring cannot drift apart.

An example is a prompt and the answer to it. Each view of the data and each language has one prompt format: a template
with fields in braces that ends where the answer begins. The answer is what follows up to the end of the line (formats
of several lines say so), so it can be cut from what a model writes without knowing the task. Where an example has a
reason, the facts that its answer rests on, the reason comes first, a line of its own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from upwell.errors import UserError

LANGUAGES = ("en", "zh")
SPLITS = ("train", "valid", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFormat:
    """How the examples of one view in one language are written."""

    template: str
    """The prompt, fields in braces; its end is where the answer begins."""
    separator: str = ""
    """Between prompt and answer: a blank in English, so that a prompt never ends in one; in Chinese mostly nothing."""
    lines: bool = False
    """Whether an answer may go over several lines; otherwise it ends with the line."""
    conclusion: str = ""
    """Between a reason and the answer, where reasons are given first; it begins with the end of a line."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the fields, in their order."""
        return tuple(_parts(self.template)[1])

    def prompt(self, **fields: str) -> str:
        """The prompt with its fields filled in; a missing field is a KeyError."""
        return self.template.format(**fields)

    def fields(self, prompt: str) -> dict[str, str]:
        """The fields that `prompt` was filled with: the inverse of `prompt` where no field holds a literal part.

        Raises ValueError where the prompt is not of this format.
        """
        literals, names = _parts(self.template)
        if not prompt.startswith(literals[0]):
            raise ValueError(f"not a prompt of the format {self.template!r}: {prompt!r}")
        found, place = {}, len(literals[0])
        for name, literal in zip(names, literals[1:], strict=True):
            end = len(prompt) if not literal else prompt.find(literal, place)
            if end < 0:
                raise ValueError(f"not a prompt of the format {self.template!r}: {prompt!r}")
            found[name] = prompt[place:end]
            place = end + len(literal)
        if place != len(prompt):
            raise ValueError(f"not a prompt of the format {self.template!r}: {prompt!r}")
        return found

    def text(self, prompt: str, answer: str, reason: str = "") -> str:
        """Prompt, reason if there is one, and answer as one text."""
        return f"{self.reasoned(prompt, reason) if reason else prompt}{self.separator}{answer}"

    def reasoned(self, prompt: str, reason: str) -> str:
        """The prompt with a reason, up to where the answer begins."""
        return f"{prompt}{self.separator}{reason}{self.conclusion}"

    def answer(self, continuation: str) -> str:
        """The answer, or the reason, in what a model wrote from where it begins."""
        text = continuation.strip()
        return text if self.lines else text.split("\n", 1)[0].strip()

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values: a run stores the formats that it was trained with."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The format held in JSON `values`; a UserError where they are none."""
        kinds = {"template": str, "separator": str, "lines": bool, "conclusion": str}
        right = isinstance(values, Mapping) and values.keys() == kinds.keys()
        if not right or not all(type(values[name]) is kind for name, kind in kinds.items()):
            raise UserError(f"prompt format {values!r}: expected {', '.join(kinds)}")
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One prompt and its answer, with all that is known of them."""

    view: str
    """The view of the world it comes from, which is the name of its prompt format: story, translation, …"""
    kind: str
    """What is asked within the view: where, who, plural, en-zh, …; scores are given by kind too."""
    language: str
    """en or zh; of the prompt."""
    level: int
    """1 to 4; 4 is out of distribution."""
    split: str
    """train, valid or test; the same for every example of one meaning."""
    prompt: str
    """Up to where the answer begins, without a blank at its end; may be empty."""
    answer: str
    """The right answer, in the words of the format."""
    reason: str = ""
    """The facts that the answer rests on, if a model is to say them first."""
    options: tuple[str, ...] = ()
    """All answers that may be chosen from, where there is such a list; the right one is among them."""
    meaning: str = ""
    """Hash of the canonical meaning, 16 hexadecimal digits."""
    bits: float = 0.0
    """-log2 of the probability of all choices made: an upper bound of the example's information."""
    difficulty: dict[str, int] = field(default_factory=dict)
    """The knobs as they came out: hops, entities, events, digits, shots, …"""

    @property
    def format(self) -> PromptFormat:
        """How examples of this view and language are written."""
        return prompt_format(self.view, self.language)

    @property
    def text(self) -> str:
        """Prompt, reason and answer as a model reads them in training."""
        return self.format.text(self.prompt, self.answer, self.reason)

    @property
    def turns(self) -> tuple[str, str]:
        """What is given and what is asked of a model; together the text."""
        return self.prompt, self.text[len(self.prompt) :]

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values, in the order of the schema."""
        return {**dataclasses.asdict(self), "options": list(self.options), "bits": round(self.bits, 3)}


def language_of(text: str) -> str:
    """zh where there is a Han character, else en."""
    return "zh" if re.search(r"[\u3400-\u9fff]", text) else "en"


def field_of(prompt: str, view: str, name: str) -> str:
    """A field of a prompt of `view` in whichever language it is; the whole prompt where it is of neither format."""
    for language in LANGUAGES:
        with contextlib.suppress(ValueError):
            return prompt_format(view, language).fields(prompt)[name]
    return prompt


def _parts(template: str) -> tuple[list[str], list[str]]:
    """The literal parts of a template and the names of the fields between them."""
    pieces = template.replace("{", "}").split("}")
    return pieces[::2], pieces[1::2]


def prompt_format(view: str, language: str) -> PromptFormat:
    """The format of a view in a language; a KeyError for an unknown one."""
    return PROMPT_FORMATS[view, language]


def _both(
    view: str,
    english: str,
    chinese: str,
    *,
    blank: bool = False,
    lines: bool = False,
    conclusions: tuple[str, str] = ("", ""),
) -> dict[tuple[str, str], PromptFormat]:
    en, zh = conclusions
    return {
        (view, "en"): PromptFormat(template=english, separator=" ", lines=lines, conclusion=en),
        (view, "zh"): PromptFormat(template=chinese, separator=" " if blank else "", lines=lines, conclusion=zh),
    }


PROMPT_FORMATS: dict[tuple[str, str], PromptFormat] = {
    **_both("story", "{start}", "{start}", lines=True),
    **_both("translation", "English: {text}\nChinese:", "中文：{text}\n英文："),
    **_both(
        "qa",
        "{text}\nQuestion: {question}\nFacts:",
        "{text}\n问：{question}\n依据：",
        conclusions=("\nAnswer:", "\n答："),
    ),
    **_both("classification", "{text}\n{label}:", "{text}\n{label}："),
    **_both("summarization", "{text}\nSummary:", "{text}\n总结："),
    **_both("fewshot", "{shots}{query} ->", "{shots}{query} →", blank=True),
    **_both("arithmetic", "{task}: {problem}", "{task}：{problem}", blank=True),
    **_both("dictionary", "{word}, {what}:", "{word}，{what}："),
    **_both("entities", "{text}\n{kind}:", "{text}\n{kind}："),
    **_both("scenes", "{text}\nPicture:", "{text}\n画面："),
}
"""The format of each view and language. They are part of the data: changing one changes the texts of the world."""

Formats = Mapping[tuple[str, str], PromptFormat]
"""What a run stores of PROMPT_FORMATS: by view and language."""


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
