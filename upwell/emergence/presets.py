"""The suite called circuits, and ladders that are ready to run; docs/experiments.md, "circuits", has the pilots."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
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
from upwell.emergence.study import Study
from upwell.emergence.workers import Engine, LocalEngine
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


MIXTURE = "mixture"
"""The preset that is a suite of its own."""


def make_engine(name: str) -> Engine:
    """local or ray; a UserError for anything else."""
    if name == "local":
        return LocalEngine()
    if name == "ray":
        from upwell.emergence.ray_engine import RayEngine

        return RayEngine()
    raise UserError(f"--engine {name}: choose local or ray")


def make_ladder(
    preset: str,
    *,
    tasks: list[str] | None = None,
    models: list[str] | None = None,
    sizes: list[str] | None = None,
    seeds: int | Sequence[int] | None = None,
    workers: int | None = None,
    engine: Engine | None = None,
    out: Path,
) -> Study:
    """The ladder of `preset`, with what is given in its place; `seeds` is a number or the seeds themselves."""
    if preset not in (*PRESETS, MIXTURE):
        raise UserError(f"--preset {preset}: choose from {', '.join((*PRESETS, MIXTURE))}")
    if isinstance(seeds, int) and seeds < 1:
        raise UserError(f"--seeds {seeds}: choose a number from 1")
    wanted: dict[str, Any] = {"workers": workers, "engine": engine, "out": out}
    if models:
        wanted["models"] = models
    if sizes:
        wanted["sizes"] = [parse_size(size) for size in sizes]
    if seeds is not None:
        wanted["seeds"] = seeds
    if preset == MIXTURE:
        if tasks:
            raise UserError("--tasks: the mixture is one text, and all of its five tasks are measured")
        return _mixture()(**wanted)
    chosen = PRESETS[preset]
    abilities = [find_ability(name) for name in tasks or chosen.tasks]
    return Ladder(
        abilities,
        budget=chosen.budget,
        budgets={a.name: replace(chosen.budget, rows=ROWS[a.name]) for a in abilities if a.name in ROWS},
        **{"models": chosen.models, "sizes": chosen.sizes, "seeds": chosen.seeds, **wanted},
    )


def reopen_ladder(folder: Path, *, workers: int | None = None, engine: Engine | None = None) -> Study:
    """The ladder in `folder`, to go on with it or to make its report anew."""
    settings: Any = read_json(folder / "ladder.json")
    if not isinstance(settings, dict) or settings.get("format") != 1:
        raise UserError(f"{folder}: not a ladder of format 1")
    shared = {name: settings[name] for name in ("models", "sizes", "seeds")}
    shared |= {"workers": workers, "engine": engine, "out": folder}
    if settings.get("suite") == MIXTURE:
        from upwell.emergence.mixture.jobs import MixtureBudget

        budget = MixtureBudget(**settings["budget"])
        return _mixture()(source=settings["source"], dtype=settings["dtype"], budget=budget, **shared)
    classes = {type(ability).__name__: type(ability) for ability in CIRCUITS}
    abilities = []
    for entry in settings["abilities"]:
        if entry["class"] not in classes:
            raise UserError(
                f"{folder}: {entry['name']} is an ability of your own; go on from Python, with Ladder(out=...)"
            )
        abilities.append(classes[entry["class"]](**entry["settings"]))
    budgets = {name: Budget(**values) for name, values in settings["budgets"].items()}
    return Ladder(abilities, budgets=budgets, **shared)


def _mixture() -> Callable[..., Study]:
    """Imported late: it brings the tasks and the micro-world."""
    from upwell.emergence.mixture import MixtureLadder

    return MixtureLadder
