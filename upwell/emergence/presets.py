"""The suite called circuits, and ladders that are ready to run; docs/experiments.md, "circuits", has the pilots."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from upwell.emergence.ability import Ability
from upwell.emergence.circuits import (
    Addition,
    Copy,
    Hops,
    Knowledge,
    Labels,
    ModularAddition,
    Parity,
    Recall,
    Sorting,
    Swaps,
)
from upwell.emergence.jobs import Budget
from upwell.emergence.ladder import Ladder
from upwell.errors import UserError
from upwell.model.files import read_json
from upwell.model.sizes import parse_size

CIRCUITS: tuple[Ability, ...] = (
    Recall(pairs=3, keys_in_all=8),
    Copy(length=8, symbols=16),
    Addition(),
    Addition(reverse=True, name="addition-reversed"),
    ModularAddition(),
    Sorting(),
    Parity(length=16),
    Swaps(cups=6),
    Hops(entities=6),
    Labels(),
    Knowledge(people=2048),
)
ROWS = {"knowledge": 128, "modular-addition": 256}
"""Rows of a step for the abilities whose rows are very short."""


@dataclass(frozen=True)
class Preset:
    """A ready ladder."""

    tasks: tuple[str, ...]
    models: tuple[str, ...]
    sizes: tuple[int, ...]
    seeds: int
    budget: Budget = field(default_factory=Budget)


PRESETS = {
    "smoke": Preset(("copy",), ("lstm", "attention"), (1_500, 6_000, 25_000), 1, Budget(steps=200)),
    "quick": Preset(
        ("recall", "copy", "swaps", "knowledge"),
        ("lstm", "attention"),
        (500, 1_500, 5_500, 15_000, 40_000, 100_000),
        3,
    ),
    "standard": Preset(
        tuple(ability.name for ability in CIRCUITS),
        ("lstm", "mingru", "attention"),
        (500, 1_500, 5_500, 15_000, 25_000, 40_000, 100_000, 200_000),
        5,
        Budget(steps=3000),
    ),
}


def find_ability(name: str) -> Ability:
    """The ability of the circuits called `name`; a UserError that names the nearest one otherwise."""
    known = {ability.name: ability for ability in CIRCUITS}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise UserError(f"--tasks {name}: {hint}there are {', '.join(known)}")


def make_ladder(
    preset: str,
    *,
    tasks: list[str] | None = None,
    models: list[str] | None = None,
    sizes: list[str] | None = None,
    seeds: int | None = None,
    workers: int | None = None,
    out: Path,
) -> Ladder:
    """The ladder of `preset`, with what is given in its place."""
    if preset not in PRESETS:
        raise UserError(f"--preset {preset}: choose from {', '.join(PRESETS)}")
    if seeds is not None and seeds < 1:
        raise UserError(f"--seeds {seeds}: choose a number from 1")
    chosen = PRESETS[preset]
    abilities = [find_ability(name) for name in tasks or chosen.tasks]
    return Ladder(
        abilities,
        models=models or chosen.models,
        sizes=[parse_size(size) for size in sizes] if sizes else chosen.sizes,
        seeds=chosen.seeds if seeds is None else seeds,
        budget=chosen.budget,
        budgets={a.name: replace(chosen.budget, rows=ROWS[a.name]) for a in abilities if a.name in ROWS},
        workers=workers,
        out=out,
    )


def reopen_ladder(folder: Path, *, workers: int | None = None) -> Ladder:
    """The ladder in `folder`, to go on with it or to make its report anew."""
    settings: Any = read_json(folder / "ladder.json")
    if not isinstance(settings, dict) or settings.get("format") != 1:
        raise UserError(f"{folder}: not a ladder of format 1")
    classes = {type(ability).__name__: type(ability) for ability in CIRCUITS}
    abilities = []
    for entry in settings["abilities"]:
        if entry["class"] not in classes:
            raise UserError(
                f"{folder}: {entry['name']} is an ability of your own; go on from Python, with Ladder(out=...)"
            )
        abilities.append(classes[entry["class"]](**entry["settings"]))
    return Ladder(
        abilities,
        models=settings["models"],
        sizes=settings["sizes"],
        seeds=settings["seeds"],
        budgets={name: Budget(**values) for name, values in settings["budgets"].items()},
        workers=workers,
        out=folder,
    )
