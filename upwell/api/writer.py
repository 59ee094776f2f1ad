"""A model that writes texts for prompts of several parts, freely or in a form of verse."""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from upwell.api.language_model import LanguageModel, sampling_options
from upwell.api.writings import WRITE, keep_forms
from upwell.errors import UserError
from upwell.generation import Generation, SamplingOptions
from upwell.generation import generate as generate_texts
from upwell.generation import stream as stream_text
from upwell.generation.verse import VerseConstraint
from upwell.model.files import read_json
from upwell.text.examples import PromptFormat
from upwell.text.labelled import TUNE
from upwell.text.verse import Form, forms_from_json
from upwell.training.runs import Run


class Writer:
    """A language model of `--task write`: the parts of a prompt in, a text out."""

    def __init__(self, model: LanguageModel, *, forms: Mapping[str, Form] | None = None) -> None:
        """Write with `model`, which knows how its prompts are written; `forms`: of verse, by tune.

        Raises a UserError for a model that learned no prompts.
        """
        found = [form for (view, _), form in model.formats.items() if view == WRITE]
        if not found:
            raise UserError(
                f"{model.name}: learned no prompts with their texts; upwell train DATA --task write makes a run that does"
            )
        self.model = model
        self.format: PromptFormat = found[0]
        self.forms = dict(forms or {})

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        device: str | None = None,
        dtype: str | None = None,
        threads: int | None = None,
        precision: str | None = None,
    ) -> Self:
        """The model of the run folder at `path`, with its forms of verse; arguments and errors as of LanguageModel.load."""
        model = LanguageModel.load(path, device=device, dtype=dtype, threads=threads, precision=precision)
        return cls(model, forms=read_forms(Run(Path(path))))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a run folder that `load` reads."""
        self.model.save(path)
        if self.forms:
            keep_forms(Run(Path(path)), self.forms)

    @property
    def fields(self) -> tuple[str, ...]:
        """What the parts of a prompt are called, in their order."""
        return self.format.names

    def prompt(self, *parts: str) -> str:
        """A prompt as the model reads it: its parts in the order of `fields`; those at the end may be missing."""
        if not parts or len(parts) > len(self.fields) or not any(part.strip() for part in parts):
            raise UserError(
                f"a prompt of {self.model.name} has the parts {', '.join(self.fields)}; give the first or more"
            )
        given = [" ".join(part.split()) for part in parts] + [""] * (len(self.fields) - len(parts))
        return self.format.prompt(**dict(zip(self.fields, given, strict=True)))

    def form(self, *parts: str) -> Form | None:
        """The form of verse of the tune that a prompt names; None where it names none, or one without a form."""
        named = dict(zip(self.fields, parts, strict=False)).get(TUNE)
        return None if named is None else self.forms.get(named.strip())

    def write(
        self,
        *parts: str,
        form: bool | None = None,
        tones: bool = False,
        options: SamplingOptions | None = None,
        **changes: Any,
    ) -> str:
        """A text for the prompt of `parts`, in the order of `fields`.

        `form`: True writes in the form of the tune, an error where there is none; False does not; by default where there is
        one. `tones`: with the tones of that form too. `options`, `changes`: as of LanguageModel.generate.
        """
        return self.write_batch([parts], form=form, tones=tones, options=options, **changes)[0]

    def write_batch(
        self,
        prompts: Sequence[Sequence[str]],
        *,
        form: bool | None = None,
        tones: bool = False,
        options: SamplingOptions | None = None,
        **changes: Any,
    ) -> list[str]:
        """As `write`, for several prompts side by side; text i draws with the seed of the options + i."""
        sampling = sampling_options(options, changes)
        constraints = [self.constraint(parts, sampling, form=form, tones=tones) for parts in prompts]
        longest = max((constraint.max_tokens for constraint in constraints if constraint), default=0)
        sampling = dataclasses.replace(sampling, max_tokens=max(sampling.max_tokens, longest))
        results: list[Generation] = generate_texts(
            self.model.writer,
            self.model.tokenizer,
            [self.prompt(*parts) for parts in prompts],
            sampling,
            begin_document=True,
            constraints=constraints,
        )
        return [result.text for result in results]

    def stream(
        self,
        *parts: str,
        form: bool | None = None,
        tones: bool = False,
        options: SamplingOptions | None = None,
        **changes: Any,
    ) -> Iterator[str]:
        """The same text in pieces as it is made."""
        sampling = sampling_options(options, changes)
        constraint = self.constraint(parts, sampling, form=form, tones=tones)
        if constraint is not None:
            sampling = dataclasses.replace(sampling, max_tokens=max(sampling.max_tokens, constraint.max_tokens))
        return stream_text(
            self.model.writer,
            self.model.tokenizer,
            self.prompt(*parts),
            sampling,
            begin_document=True,
            constraint=constraint,
        )

    def constraint(
        self, parts: Sequence[str], options: SamplingOptions, *, form: bool | None, tones: bool
    ) -> VerseConstraint | None:
        """What holds a text in its form, None where it has none; a UserError where it was asked for and cannot be."""
        found = None if form is False else self.form(*parts)
        if found is None:
            if form or tones:
                raise self._no_form(parts)
            return None
        return VerseConstraint(found, self.model.tokenizer, tones=tones, keywords=options.keywords)

    def _no_form(self, parts: Sequence[str]) -> UserError:
        if not self.forms:
            return UserError(
                f"{self.model.name}: knows no forms of verse; they are learned where a column is called {TUNE}"
            )
        named = dict(zip(self.fields, parts, strict=False)).get(TUNE, "")
        near = difflib.get_close_matches(named, self.forms, n=3, cutoff=0.3) or list(self.forms)[:3]
        return UserError(
            f"{self.model.name}: {named or 'the prompt'} has no form of verse here; some that have: {', '.join(near)}"
        )


def read_forms(run: Run) -> dict[str, Form]:
    """The forms of verse that a run keeps, by tune; none where it has none. A UserError where they are damaged."""
    if not run.forms_path.exists():
        return {}
    values = read_json(run.forms_path)
    if not isinstance(values, dict) or values.get("format") != 1:
        raise UserError(f"{run.forms_path}: not forms of format 1")
    return forms_from_json(values.get("forms"), where=str(run.forms_path))
