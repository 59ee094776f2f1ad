"""upwell emerge"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from upwell.errors import UserError

Several = Annotated[list[str] | None, Parameter(negative="")]


def emerge(
    *,
    preset: str | None = None,
    tasks: Several = None,
    models: Several = None,
    sizes: Several = None,
    seeds: int | None = None,
    workers: int | None = None,
    engine: str = "local",
    out: str | None = None,
    resume: str | None = None,
    language: str = "en",
    explain: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    quiet: Annotated[bool, Parameter(negative="")] = False,
) -> int | None:
    """Grow a ladder of small models and see which ability appears where, how sharply, and how sure one can be.

    Trains every size, family and seed on every task, one thread each, and writes report.html and report.json. The time
    of each rung is measured and printed first. Any kill loses only the runs at work; --resume goes on.

    Parameters
    ----------
    preset
        smoke (one task, a minute), quick (default; four tasks, under twenty minutes on two cores), standard (all, hours), or
        mixture: one language model a size, and which of its five tasks it can do; its time is said before it starts.
    tasks
        Abilities, separated by commas: recall copy addition addition-reversed modular-addition sorting parity swaps hops
        labels knowledge.
    models
        Families, separated by commas: rnn lstm gru mingru attention; of the mixture also hybrid, the default there.
    sizes
        Parameters of the blocks, separated by commas, e.g. 1.5k,6k,25k.
    seeds
        Runs on every rung; no verdict below three.
    workers
        Processes of one thread; as many as cores if not given. With ray: jobs asked for at a time.
    engine
        Where jobs are computed: local, on this machine, or ray, on the cluster that RAY_ADDRESS names.
    out
        Folder of the ladder.
    resume
        Go on with the ladder in this folder, or make its report anew from the results kept; its own settings hold.
    language
        Of the report and the explanation: en or zh.
    explain
        Say in plain words what each verdict means and does not mean, and do nothing else.
    as_json
        Print one JSON object as the last line.
    quiet
        No plan, no progress.
    """
    from upwell.emergence.report.explanation import explanation
    from upwell.emergence.report.words import words

    words(language)
    if explain:
        print(explanation(language))
        return None
    given = {"--preset": preset, "--tasks": tasks, "--models": models, "--sizes": sizes, "--seeds": seeds, "--out": out}
    if resume is not None:
        extra = [name for name, value in given.items() if value is not None]
        if extra:
            raise UserError(f"--resume {resume} has its own settings; leave out {' '.join(extra)}")
    from upwell.cli.ladder_display import LadderDisplay
    from upwell.emergence.presets import make_engine, make_ladder, reopen_ladder

    if resume is not None:
        ladder = reopen_ladder(Path(resume), workers=workers, engine=make_engine(engine))
    else:
        ladder = make_ladder(
            preset or "quick",
            tasks=_split(tasks),
            models=_split(models),
            sizes=_split(sizes),
            seeds=seeds,
            workers=workers,
            engine=make_engine(engine),
            out=_new_folder(out),
        )
    with LadderDisplay(ladder.folder, language=language, quiet=quiet) as display:
        try:
            report = ladder.run(display, language=language)
        except KeyboardInterrupt:
            display.interrupted()
            return 130
    if as_json:
        print(json.dumps(_summary(report, ladder.folder)))
    return None


def _split(values: list[str] | None) -> list[str] | None:
    """Words given one by one, by commas, or both."""
    return [word.strip() for value in values for word in value.split(",") if word.strip()] if values else None


def _new_folder(out: str | None) -> Path:
    if out is not None:
        if (Path(out) / "ladder.json").exists():
            raise UserError(f"--out {out}: holds a ladder; upwell emerge --resume {out} goes on with it")
        return Path(out)
    number = 1
    while (folder := Path("runs") / ("emerge" if number == 1 else f"emerge-{number}")).exists():
        number += 1
    return folder


def _summary(report: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What a program wants to know: folder, files, verdicts, times."""
    return {
        "out": str(folder),
        "report": str(folder / "report.html"),
        "verdicts": {
            name: {
                model: {
                    **family["verdict"],
                    "exact_match": family["scores"]["match"]["mean"],
                    "non_embedding": family["non_embedding"],
                    "width": family["shapes"]["continuous"]["width"],
                    "adjusted_p": family["shapes"]["continuous"]["adjusted_p"],
                }
                for model, family in ability["families"].items()
            }
            for name, ability in report["abilities"].items()
        },
        "seconds": report["audit"]["sitting_seconds"],
        "times_within_quarter": report["audit"]["times_within_quarter"],
    }
