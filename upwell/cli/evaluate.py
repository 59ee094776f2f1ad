"""upwell evaluate"""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Annotated

from cyclopts import Parameter

from upwell.cli.loading import DEFAULT, LoadOptions
from upwell.cli.main import source_name
from upwell.errors import UserError


def evaluate(
    run: str,
    *sources: str,
    encoding: str = "utf-8",
    errors: str = "strict",
    column: str | None = None,
    columns: str | None = None,
    task: tuple[str, ...] = (),
    shots: str = "0",
    items: int | None = None,
    seed: int = 0,
    loading: LoadOptions = DEFAULT,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Measure a model on text, or on its tasks.

    With sources: bits per byte, nats per token, perplexity per word; every token is predicted once. Without: the
    scorecard of a run that knows tasks, on meanings it has never seen, beside chance and the best baseline; every item is
    kept in RUN/evaluations. With --task and a .jsonl file: that task on the file's examples (prompt, answer).

    Parameters
    ----------
    run
        Folder of the run.
    sources
        Text to measure on: files, folders, globs or - for standard input.
    task
        generation, translation, question_answering, classification or summarization; repeat for several, all by default.
    shots
        Worked examples before each prompt; several numbers, as 0,1,4,8, give a row each.
    items
        Examples of each task.
    seed
        Of the choice of examples and shots, and of drawn stories.
    encoding
        Character encoding of the sources.
    errors
        What to do with bytes that do not decode: strict or replace.
    column
        Column of the text in tables and JSON lines.
    columns
        Of a table of prompts and texts, as in training with --task write: texts are then read behind their prompts.
    as_json
        Print one JSON object as the last line.
    """
    from upwell import api

    if task or not sources:
        from upwell.cli.scores import score_lines, signature_lines
        from upwell.tasks.scorecard import to_json

        if (encoding, errors, column, columns) != ("utf-8", "strict", None, None):
            raise UserError("--encoding, --errors and --column are for text; examples are JSON lines in UTF-8")
        if len(sources) > 1:
            raise UserError(f"one file of examples at a time, not {len(sources)}")
        numbers = _shots(shots)
        found = {}
        for number in numbers:
            evaluations = api.score(
                run,
                tasks=task,
                examples=sources[0] if sources else None,
                shots=number,
                items=items,
                seed=seed,
                **dataclasses.asdict(loading),
                progress=lambda said: print(said, file=sys.stderr),
            )
            found[number] = {"run": run, "shots": number, **to_json(evaluations)}
        first = found[numbers[0]]
        scorecards = {number: found[number]["scorecard"] for number in numbers}
        for line in [*score_lines(scorecards, first["scoring"]["tasks"]), *signature_lines(first["scorecard"])]:
            print(line)
        if as_json:
            print(json.dumps(first if len(numbers) == 1 else {"run": run, "by_shots": [found[n] for n in numbers]}))
        return
    if shots != "0" or items is not None or seed:
        raise UserError("--shots, --items and --seed are for tasks; name one by --task")
    model = loading.load(run)
    figures = api.evaluate(
        model, [source_name(word) for word in sources], encoding=encoding, errors=errors, column=column, columns=columns
    )
    if as_json:
        print(json.dumps({"run": run, **figures}))
        return
    print(f"bits per byte        {figures['bits_per_byte']:.4f}")
    print(f"nats per token       {figures['loss']:.4f}")
    print(f"perplexity per word  {figures['word_perplexity']:.2f}")
    print(f"tokens               {figures['tokens']:,} ({figures['bytes']:,} bytes)")


def _shots(text: str) -> list[int]:
    """The numbers of `0,1,4,8`, each once."""
    try:
        return list(dict.fromkeys(int(number) for number in text.split(",")))
    except ValueError:
        raise UserError(f"--shots {text}: expected a number, or several joined by commas, as 0,1,4,8") from None
