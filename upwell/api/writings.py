"""`--task write`: the rows of a table become documents of a language model, each a prompt and a text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from upwell.api.columns import columns_of
from upwell.errors import UserError
from upwell.text.examples import Formats, PromptFormat, language_of
from upwell.text.files import atomic_write_json
from upwell.text.labelled import TUNE, Labelled, WrittenText, hold_out, read_writings, without_copies
from upwell.text.verse import Form, learn_forms
from upwell.text.verse.forms import forms_to_json
from upwell.training.options import TrainOptions, option_name
from upwell.training.runs import Run

WRITE = "write"
"""The task, and the name of its prompt format in a run."""
FOREIGN = ("column", "separator", "script")
"""Options of training that it does not have."""
HELD_OUT_SHARE = 0.05
BLANK_SHARE = 0.1
"""Of the training rows, those that each part of the prompt but the first is left out of, so that it need not be given."""


@dataclass(frozen=True)
class Writings:
    """What a table of texts with prompts gives a run."""

    data: Labelled[WrittenText]
    """As it was read: the training rows, and those held out where none were given for that."""
    train: Labelled[WrittenText]
    valid: Labelled[WrittenText]

    @property
    def fields(self) -> tuple[str, ...]:
        """The parts of a prompt."""
        return tuple(column.role for column in self.train.columns[:-1])

    @property
    def formats(self) -> Formats:
        """How a prompt is written: a part a line."""
        sample = "".join(row.text for row in self.train.rows[:20])
        template = "".join(f"{{{name}}}\n" for name in self.fields)
        return {(WRITE, language_of(sample)): PromptFormat(template=template, lines=True)}

    def describe(self) -> list[str]:
        """What was understood, in lines for people."""
        return [*self.data.describe(), f"held out: {self.valid.describe()[0]}"]

    def spool(self, folder: Path) -> tuple[Path, Path]:
        """Write training and validation rows as documents of turns, JSON lines, into `folder`."""
        (form,) = self.formats.values()
        train = [WrittenText(_blanked(row), row.text) for row in self.train.rows]
        return (
            _spool(train, form, folder / "train.jsonl"),
            _spool(self.valid.rows, form, folder / "valid.jsonl"),
        )

    def forms(self) -> dict[str, Form]:
        """The forms of verse of the training texts, where a part of the prompt is called TUNE; UserError without pypinyin."""
        if TUNE not in self.fields:
            return {}
        place = self.fields.index(TUNE)
        return learn_forms((row.prompts[place], row.text) for row in self.train.rows if row.prompts[place])


def read_parts(sources: Sequence[str], options: TrainOptions) -> Writings:
    """What is learned from and what is held out: given, or a part of it without any of its texts. A UserError for data that
    cannot be used, and options that the task does not have.
    """
    plain = TrainOptions()
    for name in FOREIGN:
        if getattr(options, name) != getattr(plain, name):
            raise UserError(f"{option_name(name)}: is not an option of --task {WRITE}")
    columns = columns_of(options, None)

    def read(names: Sequence[str]) -> Labelled[WrittenText]:
        return read_writings(names, columns=columns, encoding=options.encoding, errors=options.errors)

    data = read(sources)
    if not options.valid:
        return Writings(data, *hold_out(data, share=HELD_OUT_SHARE, seed=options.seed))
    return Writings(data, data, without_copies(read(options.valid), data))


def spool_texts(sources: Sequence[str], options: TrainOptions, formats: Formats, folder: Path) -> Path:
    """Write all rows of a table as `Writings.spool` does, for a model that learned `formats`; a UserError where they differ."""
    form = next((form for (view, _), form in formats.items() if view == WRITE), None)
    data = read_writings(sources, columns=columns_of(options, None), encoding=options.encoding, errors=options.errors)
    found = tuple(column.role for column in data.columns[:-1])
    if form is None or form.names != found:
        learned = f"has learned {', '.join(form.names)}" if form is not None else "has learned no prompts"
        raise UserError(f"{data.name}: has prompts of {', '.join(found)}, but the run {learned}; name the --columns")
    return _spool(data.rows, form, folder / "texts.jsonl")


def keep_forms(run: Run, forms: dict[str, Form]) -> None:
    """Write the forms of verse that were learned into the folder of a run."""
    atomic_write_json(run.forms_path, {"format": 1, "forms": forms_to_json(forms)})


def _spool(rows: Iterable[WrittenText], form: PromptFormat, path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            prompt = form.prompt(**dict(zip(form.names, row.prompts, strict=True)))
            file.write(json.dumps([prompt, row.text], ensure_ascii=False) + "\n")
    return path


def _blanked(row: WrittenText) -> tuple[str, ...]:
    """The parts of a prompt, of some rows without one or more but the first; the same each time for a row."""
    digest = hashlib.blake2b(
        f"{row.prompts}\n{row.text}".encode("utf-8", "replace"), digest_size=len(row.prompts)
    ).digest()
    return tuple(
        "" if place and byte < 256 * BLANK_SHARE else part
        for place, (part, byte) in enumerate(zip(row.prompts, digest, strict=True))
    )
