"""The ladder of circuits: a small model for every ability, family, size and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from upwell.emergence.ability import Ability
from upwell.emergence.jobs import Budget, CircuitJob
from upwell.emergence.learning import (
    evaluation_steps,
    held_out_rows,
    measure_step,
    planned_seconds,
    reference_nll,
    run_job,
)
from upwell.emergence.networks import network_config
from upwell.emergence.study import Study, Subject
from upwell.emergence.workers import Engine
from upwell.errors import UserError

SIZES = (1_500, 5_000, 15_000, 40_000, 100_000)
KNOWN_ROWS = 4096
"""Training rows that a baseline learns from."""


class Ladder(Study):
    """A study of `abilities` over `models` (families) and `sizes` (parameters), every rung run with several seeds.

    The axis is the width of two blocks; steps, rows and test items are the same on all rungs, so curves over size mean
    size alone. Results go to the folder `out`, one file a job; a ladder with the same settings goes on where it stopped.

        ladder = Ladder([Recall(), MyAbility()], models=["lstm", "attention"], out="runs/mine")
        report = ladder.run()

    `seeds` is a number or the seeds themselves; `budget` holds for all abilities but those with one of their own in
    `budgets`, by name; `workers` are processes of one thread, by default as many as cores; `engine` computes the jobs,
    by default on this machine.
    """

    run_job = staticmethod(run_job)
    measure_job = staticmethod(measure_step)
    planned_seconds = staticmethod(planned_seconds)

    def __init__(
        self,
        abilities: Sequence[Ability],
        *,
        models: Sequence[str] = ("lstm", "attention"),
        sizes: Sequence[int] = SIZES,
        seeds: int | Sequence[int] = 3,
        budget: Budget | None = None,
        budgets: Mapping[str, Budget] | None = None,
        workers: int | None = None,
        engine: Engine | None = None,
        out: str | Path = "runs/emerge",
    ) -> None:
        names = [ability.name for ability in abilities]
        for name in names:
            if names.count(name) > 1:
                raise UserError(f"two abilities are called {name!r}; give one of them another name")
        self.abilities = {ability.name: ability for ability in abilities}
        budgets = budgets or {}
        self.budgets = {name: budgets.get(name, budget or Budget()) for name in names}
        super().__init__(topics=names, models=models, sizes=sizes, seeds=seeds, workers=workers, engine=engine, out=out)

    def job(
        self, topic: str, model: str, size: int, seed: int, *, kind: str = "run", factor: float = 1.0
    ) -> CircuitJob:
        """The run of a rung and seed, or with `kind` rates its check of rates."""
        return CircuitJob(self.abilities[topic], model, size, seed, self.budgets[topic], kind, factor)

    def width(self, topic: str, model: str, size: int) -> int:
        """Channels of the network of a rung."""
        return network_config(self.abilities[topic], model, size).width

    def describe(self) -> dict[str, Any]:
        """What the ladder is."""
        return {
            "format": 1,
            "abilities": [
                {"class": type(a).__name__, "name": a.name, "settings": a.settings()} for a in self.abilities.values()
            ],
            "models": self.models,
            "sizes": self.sizes,
            "seeds": self.seeds,
            "budgets": {name: vars(budget) for name, budget in self.budgets.items()},
        }

    def subjects(self) -> list[Subject]:
        """Every ability, with what guessing scores."""
        found = []
        for ability in self.abilities.values():
            rows = held_out_rows(ability, self.budgets[ability.name].test_items)
            known = ability.sample(np.random.default_rng(0), KNOWN_ROWS, test=False)
            guessed = ability.guess(rows, known, np.random.default_rng(0))
            found.append(
                Subject(
                    name=ability.name,
                    topic=ability.name,
                    doc=(type(ability).__doc__ or ability.name).strip().splitlines()[0],
                    chance=ability.chance,
                    baseline=max(ability.chance, float((guessed == rows.targets).all(1).mean())),
                    reference_nll=reference_nll(ability, rows),
                    answer_tokens=len(ability.positions),
                    favours=ability.favours,
                    leak=leak_share(ability),
                )
            )
        return found

    def evaluation_steps(self, subject: Subject) -> list[int]:
        """Steps at which a run of full length was measured."""
        return evaluation_steps(self.budgets[subject.topic])


def leak_share(ability: Ability) -> float | None:
    """Share of test items whose prompt is among 16,384 drawn for training; None where tests are what was trained on."""
    if ability.test_share == 0:
        return None
    known = ability.sample(np.random.default_rng([0, 1]), 16_384, test=False)
    return float(np.isin(ability.keys(held_out_rows(ability, 1024)), ability.keys(known)).mean())
