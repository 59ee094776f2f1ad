"""upwell train"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from upwell.cli.main import source_name
from upwell.training.options import TrainOptions

DEFAULTS = TrainOptions()


def train(
    *sources: str,
    options: Annotated[TrainOptions, Parameter(name="*")] = DEFAULTS,
    resume: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Learn a model from text: files, folders, globs, - for standard input, or else the embedded micro-world.

    Prints a plan, trains until the budget is used, and validates the best weights. Ctrl-C saves; --resume goes on.

    Parameters
    ----------
    sources
        Text to learn from: .txt .md .jsonl .csv .tsv .parquet (.gz and .zst too), a folder, a glob, - for stdin, or
        world: (see upwell world --help), which is also what is learned when nothing is named.
    resume
        Go on with this run, interrupted or killed; its own options hold.
    as_json
        Print one JSON object as the last line.
    quiet
        No progress, no samples.
    """
    return run_training(sources, options, resume=resume, as_json=as_json, quiet=quiet)


def run_training(
    sources: Sequence[str],
    options: TrainOptions,
    *,
    resume: str | None = None,
    begin_with: str | None = None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Train and show it; the exit code."""
    given = {
        field.name: getattr(options, field.name)
        for field in dataclasses.fields(options)
        if getattr(options, field.name) != getattr(DEFAULTS, field.name)
    }
    from upwell.api import train_run
    from upwell.cli.display import TrainingDisplay
    from upwell.training.distributed import is_first

    names = [source_name(word) for word in sources] or None
    with TrainingDisplay(quiet=quiet or not is_first()) as display:
        run, result = train_run(names, resume=resume, begin_with=begin_with, observe=display, **given)
    if is_first():
        display.finish(run, result, file=sys.stderr if as_json else sys.stdout)
    if as_json and is_first():
        print(json.dumps(result))
    return 0 if result["finished"] else 130
