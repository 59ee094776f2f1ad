"""upwell finetune"""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from upwell.cli.train import DEFAULTS, run_training
from upwell.training.options import TrainOptions


def finetune(
    run: str,
    *sources: str,
    options: Annotated[TrainOptions, Parameter(name="*")] = DEFAULTS,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Learn a task from labelled data, beginning with what a run has learned.

    A classifier may begin with an encoder (upwell train TEXTS --task encode), a language model or a classifier; a tagger with
    a tagger, one that finds answers in passages with another, an encoder with an encoder. The network and the tokenizer are the run's. Stopped runs go on by upwell train --resume.

    Parameters
    ----------
    run
        Folder of the run to begin with; it stays as it is.
    sources
        Labelled data, as upwell train --task takes it.
    as_json
        Print one JSON object as the last line.
    quiet
        No progress, no samples.
    """
    return run_training(sources, options, begin_with=run, as_json=as_json, quiet=quiet)
