"""upwell evaluate"""

from __future__ import annotations

import json
from typing import Annotated

from cyclopts import Parameter

from upwell.cli.main import source_name
from upwell.errors import UserError


def evaluate(
    run: str,
    *sources: str,
    encoding: str = "utf-8",
    errors: str = "strict",
    column: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    dtype: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Measure a model on text: bits per byte, nats per token, perplexity per word. Every token is predicted once.

    Parameters
    ----------
    run
        Folder of the run.
    sources
        Text to measure on: files, folders, globs or - for standard input.
    encoding
        Character encoding of the sources.
    errors
        What to do with bytes that do not decode: strict or replace.
    column
        Column of the text in tables and JSON lines.
    device
        cpu or cuda.
    threads
        CPU threads.
    dtype
        float32 (default) or bfloat16.
    as_json
        Print one JSON object as the last line.
    """
    if not sources:
        raise UserError(f"name the text to measure {run} on, e.g. upwell evaluate {run} test.txt")
    from upwell import api

    model = api.LanguageModel.load(run, device=device, threads=threads, dtype=dtype)
    figures = api.evaluate(
        model, [source_name(word) for word in sources], encoding=encoding, errors=errors, column=column
    )
    if as_json:
        print(json.dumps({"run": run, **figures}))
        return
    print(f"bits per byte        {figures['bits_per_byte']:.4f}")
    print(f"nats per token       {figures['loss']:.4f}")
    print(f"perplexity per word  {figures['word_perplexity']:.2f}")
    print(f"tokens               {figures['tokens']:,} ({figures['bytes']:,} bytes)")
