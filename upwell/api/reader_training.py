"""What the trainings of all readers share: a plan on this machine, and the loop."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upwell.api.members import member_folder
from upwell.api.starting import Start
from upwell.api.texts import Observer
from upwell.model.config import NetworkConfig
from upwell.model.reader import build_network
from upwell.model.sizes import network_config, parse_size
from upwell.training.compute import Compute, apply_threads, torch_dtype
from upwell.training.example_streams import ExampleStream
from upwell.training.loop import Result, fit
from upwell.training.objectives import Objective
from upwell.training.options import TrainOptions
from upwell.training.reader_plan import MINUTES, ReaderPlan, plan_reader
from upwell.training.recipe import Recipe
from upwell.training.schedules import Budget
from upwell.training.validation import Judge


class ReaderTraining:
    """Examples, ready to be learned from; a subclass sets what is named here."""

    options: TrainOptions
    config: NetworkConfig
    recipe: Recipe
    stream: ExampleStream[Any]
    objective: Objective
    judge: Judge
    epochs: float
    """Where the user gave no budget."""
    minutes: float = MINUTES
    """That it may take where the user gave no budget; then there are fewer epochs."""
    members: int = 1
    """Networks that are trained, one after the other."""
    start: Start | None = None
    """A run that they begin with."""

    def plan(self, known: tuple[Compute, float] | None = None) -> ReaderPlan:
        """What the training will be; `known`: way of computing and peak, where they were measured before."""
        return plan_reader(
            self.config,
            self.stream,
            self.recipe,
            self.objective,
            self.options,
            epochs=self.epochs,
            minutes=self.minutes,
            members=self.members,
            known=known,
        )

    def train(
        self,
        plan: ReaderPlan,
        folder: Path,
        observe: Observer,
        stopped: Callable[[], bool] = lambda: False,
        *,
        member: int = 0,
    ) -> tuple[Any, Result]:
        """Train a network, going on from the newest checkpoint in `folder`; it ends in fp32 with its best weights.

        Each `member` of several has a seed of its own.
        """
        apply_threads(plan.compute)
        seed = self.recipe.seed + member
        network = build_network(self.config)
        network.reset_parameters(seed)
        if self.start is not None:
            self.start.begin(network, member)
        result = fit(
            network.to(plan.compute.device),
            objective=self.objective,
            stream=self.stream.with_seed(seed),
            validate=self.judge,
            recipe=dataclasses.replace(self.recipe, seed=seed),
            budget=plan.budget,
            folder=folder,
            dtype=torch_dtype(plan.compute.dtype),
            num_workers=plan.compute.workers,
            observe=observe,
            stopped=stopped,
        )
        return network.float(), result

    def train_members(
        self, plan: ReaderPlan, folder: Path, observe: Observer, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[tuple[Any, ...], Result]:
        """Train all networks, one after the other; the result is that of them together, or of the one that was interrupted."""
        budget, networks, seconds, steps = plan.budget, [], 0.0, 0
        if budget.kind == "minutes":
            plan = dataclasses.replace(plan, budget=Budget("minutes", budget.amount / self.members))
        for member in range(self.members):
            if self.members > 1:
                observe("note", {"text": f"network {member + 1} of {self.members}"})
            network, result = self.train(plan, member_folder(folder, member), observe, stopped, member=member)
            if not result.finished:
                return (), result
            networks.append(network)
            seconds, steps = seconds + result.progress.seconds, steps + result.progress.step
        progress = dataclasses.replace(result.progress, seconds=seconds, step=steps)
        return tuple(networks), dataclasses.replace(result, progress=progress)

    def learn(
        self, plan: ReaderPlan, folder: Path, observe: Observer, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[Any, Result]:
        """Train, and give all that says something of new texts; None after an interrupt."""
        raise NotImplementedError


@dataclass(frozen=True)
class UsualNetwork:
    """What the network of a task is like where the user says nothing."""

    model: str
    size: str
    depth: int
    dropouts: Mapping[str, float]

    def config(
        self, options: TrainOptions, start: Start | None = None, *, task: Mapping[str, Any], **shape: Any
    ) -> NetworkConfig:
        """The network for `options`. `task`: fields that the task decides; `shape`: those that it decides unless the training begins
        with `start`, a run that has decided them.
        """
        dropouts: dict[str, Any] = {
            name: value if getattr(options, name) is None else getattr(options, name)
            for name, value in self.dropouts.items()
        }
        if start is not None:
            return dataclasses.replace(start.config, **task, **dropouts)
        return network_config(
            options.model or self.model,
            parse_size(options.size or self.size),
            depth=options.depth or (self.depth if options.model is None else None),
            causal=False,
            **shape,
            **task,
            **dropouts,
        )
