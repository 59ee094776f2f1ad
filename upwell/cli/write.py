"""upwell write"""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Annotated

from cyclopts import Parameter

from upwell.cli.loading import WRITE_DEFAULT, WriteOptions


def write(
    run: str,
    *parts: str,
    free: Annotated[bool, Parameter(negative="")] = False,
    tones: Annotated[bool, Parameter(negative="")] = False,
    keyword: tuple[str, ...] = (),
    n: int = 1,
    max_tokens: int = 200,
    temperature: float = 0.8,
    top_p: float = 1.0,
    seed: int | None = None,
    loading: WriteOptions = WRITE_DEFAULT,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Write a text for a prompt, with a run of upwell train DATA --task write.

    Where the run has learned the form of the tune that is named, as of Chinese ci, the text is in that form: lines and marks exactly,
    rhymes of one class, no rhyming character twice.

    Parameters
    ----------
    run
        Folder of the run.
    parts
        The parts of the prompt, in the order of the columns that were learned; those at the end may be left out.
    free
        Leave the form to the model.
    tones
        Keep the form's level and oblique tones too.
    keyword
        The text holds this word; repeat for several.
    n
        Texts to write.
    max_tokens
        Most tokens of a text that has no form.
    temperature
        0 takes the likeliest token each time; higher is freer.
    top_p
        Only the fewest tokens that reach this probability together stay.
    seed
        The same seed gives the same texts; without one every call differs.
    as_json
        Print a JSON object for each text instead.
    """
    from upwell.errors import UserError
    from upwell.generation import SamplingOptions
    from upwell.text.files import text_of_argument

    if n < 1:
        raise UserError(f"--n {n}: at least one text")
    if free and tones:
        raise UserError("--free and --tones: tones are of a form; leave one of them out")
    seed = time.time_ns() % 2**31 if seed is None else seed
    writer = loading.writer(run)
    given = [text_of_argument(part) for part in parts]
    options = SamplingOptions(
        max_tokens=max_tokens,
        temperature=temperature,
        top_p=top_p,
        seed=seed,
        keywords=tuple(map(text_of_argument, keyword)),
    )
    form = False if free else None
    found = None if free else writer.form(*given)
    for number in range(n):
        drawn = dataclasses.replace(options, seed=seed + number)
        if as_json:
            text = writer.write(*given, form=form, tones=tones, options=drawn)
            prompt = dict(zip(writer.fields, given, strict=False))
            said = {"prompt": prompt, "text": text, "form": found and found.describe(), "seed": seed + number}
            print(json.dumps(said, ensure_ascii=False), flush=True)
            continue
        for piece in writer.stream(*given, form=form, tones=tones, options=drawn):
            print(piece, end="", flush=True)
        print(flush=True)
