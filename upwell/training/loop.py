"""The loop: one function that any network, objective and stream pass through, on any device and number of processes.

Side jobs come first, as plain ifs: validate, report, save, stop. Below them stands the step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from upwell.model.files import load_network, save_weights
from upwell.model.network import Network
from upwell.model.state import State, concat, move, reset_rows
from upwell.text.files import atomic_write_json
from upwell.training.checkpoints import Progress, checkpoints, load_checkpoint, load_progress, save_checkpoint
from upwell.training.distributed import ALONE, World, add_up, all_rows, from_leader, own_rows, wait
from upwell.training.learner import Learner
from upwell.training.metrics import MetricsFile
from upwell.training.objectives import Objective
from upwell.training.recipe import Recipe
from upwell.training.schedules import Budget, warmup_stable_decay
from upwell.training.streams import Stream
from upwell.training.validation import Judge, Judgement
from upwell.training.workers import Workers

SKIPS_BEFORE_ROLLBACK = 3
ROLLBACKS_BEFORE_STOP = 3
VALIDATION_SHARE = 0.05
"""Most of the work, or time, that validations may take."""
CHECKPOINT_SHARE = 0.02
"""Most of the time that writing checkpoints may take."""
REPORT_SECONDS = 0.5


class TrainingFailure(RuntimeError):
    """Training cannot go on, for a reason that is not the user's input."""


@dataclass(frozen=True)
class Result:
    """What a finished or interrupted call of `fit` leaves."""

    finished: bool
    """False after an interrupt: the last checkpoint holds everything, and `fit` goes on from it."""
    progress: Progress
    tokens: int
    score: Judgement | None
    """The best validation, on the whole split."""


def fit(
    network: Network,
    *,
    objective: Objective,
    stream: Stream,
    validate: Judge,
    recipe: Recipe,
    budget: Budget,
    folder: Path,
    dtype: torch.dtype = torch.float32,
    num_workers: int = 1,
    world: World = ALONE,
    observe: Callable[[str, dict[str, Any]], None] = lambda kind, figures: None,
    stopped: Callable[[], bool] = lambda: False,
    tensorboard: Path | None = None,
    frozen: Tensor | None = None,
) -> Result:
    """Train `network` (fp32, on its device) until the budget is used, going on from the newest checkpoint in `folder`.

    `observe` is told of every "step", "validation", "save" and "note"; `stopped` is asked before each step. The weights
    of the best validation are in `folder`/model.safetensors, and after the end in the network, which computes in `dtype`.
    `frozen`: rows of the embedding (K,) that stay as they are.
    """
    device = next(network.parameters()).device
    learner = Learner(network, recipe, dtype, frozen=frozen)
    progress = Progress(dtype=str(dtype).removeprefix("torch."), threads=torch.get_num_threads())
    carried: State = None
    saved = checkpoints(folder / "checkpoints")
    if saved:
        progress, carried = _restore(saved[-1], learner, recipe, world)
    elif world.leads:
        save_checkpoint(folder / "checkpoints", progress, learner.state_tensors(), None)
    wait(world)

    total_steps = budget.total_steps(tokens_per_step=recipe.tokens_per_step, steps_per_epoch=stream.windows)
    interval = None if total_steps is None else _validation_interval(validate, total_steps, recipe)
    timetable = _Timetable(recipe, budget, interval, progress, world, device, stopped)
    report = _Report(recipe, progress)
    network.train()

    with (
        Workers(num_workers, recipe, world) as workers,
        MetricsFile(
            folder / "metrics.jsonl" if world.leads else None, from_step=progress.step, tensorboard=tensorboard
        ) as metrics,
    ):
        while True:
            due = timetable.look(progress)
            share = budget.share(step=progress.step, total_steps=total_steps, seconds=progress.seconds)
            finished = share >= 1

            if (finished or due.validation) and progress.validated_step < progress.step and not due.stop:
                with timetable.validating(progress):
                    score = _validate(learner, validate, progress, folder, world)
                figures = {**score.to_dict(), "best": progress.best_step == progress.step, "seconds": progress.seconds}
                metrics.write("validation", progress.step, figures)
                observe("validation", {**figures, "step": progress.step, "share": share})
            finished = finished or 0 < recipe.patience <= progress.stale

            if finished or due.stop or due.save:
                whole = all_rows(world, carried)
                if world.leads:
                    with timetable.saving(progress):
                        _save(folder, progress, learner, whole, must=finished or due.stop, observe=observe)

            if finished or due.stop:
                wait(world)
                return _result(finished and not due.stop, learner, progress, recipe, validate, folder, world)

            # --- the step ---------------------------------------------------------------------------------------------
            factor = warmup_stable_decay(share, warmup=recipe.warmup, decay=recipe.decay, floor=recipe.floor)
            batch = stream.batch(progress.step, rank=world.rank, world=world.size)
            if stream.position(progress.step)[1] == 0:
                carried = None  # a new epoch starts elsewhere in the text
            elif batch.fresh is not None:
                carried = reset_rows(carried, batch.fresh.to(device))
            sums = torch.zeros(2, dtype=torch.float64, device=device)
            states = []
            for outcome, gradients in workers.run(network, objective, batch.to(device), carried, progress.step):
                learner.add_gradients(gradients)
                sums += torch.stack([outcome.loss.double(), sums.new_tensor(outcome.count)])
                states.append(
                    network.carried(outcome.state) if recipe.carry and not recipe.packed and network.carries else None
                )
            carried = concat(states)
            add_up(world, learner.gradient)
            loss_sum, count = add_up(world, sums).tolist()
            count = count or 1.0  # a step of prompts alone may ask nothing
            report.before_update(learner)
            norm = learner.update(1 / count, factor * progress.rate_scale, parallel=workers.map, parts=workers.number)
            # ----------------------------------------------------------------------------------------------------------

            progress.step += 1
            if math.isfinite(norm) and math.isfinite(loss_sum):
                progress.skipped = 0
            else:
                carried = None
                progress.skipped += 1
                observe("note", {"text": f"step {progress.step}: the loss is not finite; the step is skipped"})
                if progress.skipped >= SKIPS_BEFORE_ROLLBACK:
                    progress, carried = _roll_back(folder, learner, recipe, world, progress, observe)
                    continue
            figures = report.after_step(learner, loss_sum, count, norm, share, factor, progress)
            observe("step", figures)
            if report.due:
                metrics.write("step", progress.step, report.close(learner, figures))


@dataclass(frozen=True)
class _Due:
    """What is to be done before the next step."""

    stop: bool
    validation: bool
    save: bool


class _Timetable:
    """When to validate, save and stop: the leader's clock decides for all processes, or they would wait for each other."""

    def __init__(
        self,
        recipe: Recipe,
        budget: Budget,
        interval: int | None,
        progress: Progress,
        world: World,
        device: torch.device,
        stopped: Callable[[], bool],
    ) -> None:
        self.recipe, self.budget, self.interval = recipe, budget, interval
        self.world, self.device, self.stopped = world, device, stopped
        self.start = time.perf_counter() - progress.seconds
        self.validated = self.saved = progress.seconds
        self.validation_cost = self.save_cost = 0.0

    def look(self, progress: Progress) -> _Due:
        """What is due now; also sets the progress's time."""
        now = time.perf_counter() - self.start
        if self.interval is None:
            pause = 60 * self.budget.amount / max(1, self.recipe.validations)
            validation = now - self.validated >= max(pause, self.validation_cost / VALIDATION_SHARE)
        else:
            validation = progress.step > 0 and progress.step % self.interval == 0
        save = now - self.saved >= max(self.recipe.checkpoint_seconds, self.save_cost / CHECKPOINT_SHARE)
        decided = [now, self.stopped(), validation and self.recipe.validations > 0, save]
        progress.seconds, *flags = from_leader(self.world, [float(value) for value in decided], self.device)
        return _Due(*(bool(flag) for flag in flags))

    @contextmanager
    def validating(self, progress: Progress) -> Iterator[None]:
        """Around a validation: its cost spaces the next one, and a new best is saved soon."""
        before = time.perf_counter()
        yield
        self.validation_cost = time.perf_counter() - before
        self.validated = progress.seconds = time.perf_counter() - self.start
        if progress.best_step == progress.step:
            self.saved -= self.recipe.checkpoint_seconds

    @contextmanager
    def saving(self, progress: Progress) -> Iterator[None]:
        """Around a save: its cost spaces the next one."""
        before = time.perf_counter()
        yield
        self.save_cost, self.saved = time.perf_counter() - before, progress.seconds


class _Report:
    """Averages and rates between two lines of the metrics file."""

    def __init__(self, recipe: Recipe, progress: Progress) -> None:
        self.recipe = recipe
        self.opened = time.perf_counter()
        self.loss = self.count = 0.0
        self.steps = 0
        self.before: dict[str, Tensor] = {}

    @property
    def due(self) -> bool:
        """Whether a line should be written after this step."""
        return bool(self.before)

    def before_update(self, learner: Learner) -> None:
        """Remember some weights if the update of this step is to be measured."""
        if time.perf_counter() - self.opened >= REPORT_SECONDS and learner.adamw.steps % self.recipe.turns == 0:
            # The first matrix of the blocks, which moves in the first of Muon's turns.
            name = next(n for n in learner.masters if n.endswith(("input_weight", "query_weight")))
            self.before = {name: learner.masters[name].clone()}

    def after_step(
        self, learner: Learner, loss: float, count: float, norm: float, share: float, factor: float, progress: Progress
    ) -> dict[str, Any]:
        """What the step was like, for whoever watches."""
        self.steps += 1
        if math.isfinite(loss):
            self.loss += loss
            self.count += count
        elapsed = max(1e-9, time.perf_counter() - self.opened)
        return {
            "step": progress.step,
            "share": share,
            "seconds": progress.seconds,
            "loss": self.loss / max(1.0, self.count),
            "gradient_norm": norm,
            "rate_factor": factor * progress.rate_scale,
            "tokens": progress.step * self.recipe.tokens_per_step,
            "tokens_per_second": self.steps * self.recipe.tokens_per_step / elapsed,
        }

    def close(self, learner: Learner, figures: dict[str, Any]) -> dict[str, Any]:
        """The figures of the line, and a new one begun."""
        ratio = learner.sample_update(list(self.before), self.before)
        self.opened, self.loss, self.count, self.steps, self.before = time.perf_counter(), 0.0, 0.0, 0, {}
        return {**{name: value for name, value in figures.items() if name != "step"}, "update_ratio": ratio}


def _validation_interval(validate: Judge, total_steps: int, recipe: Recipe) -> int:
    """Steps between validations of a run whose length in steps is known; the same after any interruption."""
    # A validated token costs a forward pass, a third of a trained one, and is read about twice with its warm-up.
    cheap = validate.num_tokens * 2 / 3 / VALIDATION_SHARE / recipe.tokens_per_step
    return max(1, math.ceil(total_steps / max(1, recipe.validations)), math.ceil(cheap))


def _validate(learner: Learner, validate: Judge, progress: Progress, folder: Path, world: World) -> Judgement:
    with learner.evaluating() as network:
        score = validate(network)
    progress.validated_step = progress.step
    if score.criterion < progress.best:
        progress.best, progress.best_step, progress.stale = score.criterion, progress.step, 0
        if world.leads:
            try:
                save_weights(folder / "model.safetensors", learner.best_guess)
            except OSError:
                progress.best_step = -1  # not kept: the weights at the end are used instead
    else:
        progress.stale += 1
    return score


def _save(
    folder: Path,
    progress: Progress,
    learner: Learner,
    carried: State,
    *,
    must: bool,
    observe: Callable[[str, dict[str, Any]], None],
) -> None:
    try:
        path = save_checkpoint(folder / "checkpoints", progress, learner.state_tensors(), carried)
    except OSError as error:
        if must:
            raise _disk_failure(folder, "the last checkpoint", error) from None
        reason = error.strerror or type(error).__name__
        observe("note", {"text": f"checkpoint not written ({reason}); the one before stands, training goes on"})
        return
    observe("save", {"step": progress.step, "path": str(path)})


def _disk_failure(folder: Path, what: str, error: OSError) -> TrainingFailure:
    reason = error.strerror or type(error).__name__
    return TrainingFailure(
        f"{folder}: {what} could not be written ({reason}); make room, then upwell train --resume {folder}"
    )


def _restore(path: Path, learner: Learner, recipe: Recipe, world: World) -> tuple[Progress, State]:
    template = None
    if recipe.carry and learner.network.carries:
        with torch.device("meta"):
            tokens = torch.zeros(recipe.rows, recipe.length, dtype=torch.int64)
            template = Network(learner.network.config).to(next(learner.network.parameters()).dtype)
            template = template.carried(template.hidden(tokens)[1])
    progress, tensors, carried = load_checkpoint(path, learner.state_tensors(), template)
    learner.restore(tensors)
    device = next(learner.network.parameters()).device
    return progress, own_rows(world, move(carried, device))


def _roll_back(
    folder: Path,
    learner: Learner,
    recipe: Recipe,
    world: World,
    progress: Progress,
    observe: Callable[[str, dict[str, Any]], None],
) -> tuple[Progress, State]:
    wait(world)
    path = checkpoints(folder / "checkpoints")[-1]
    rollbacks, seconds = load_progress(path).rollbacks + 1, progress.seconds
    if rollbacks > ROLLBACKS_BEFORE_STOP:
        raise TrainingFailure(
            f"the loss stays not finite after {ROLLBACKS_BEFORE_STOP} returns to step {load_progress(path).step} at lower "
            "rates; try a lower --learning-rate or --dtype float32"
        )
    progress, carried = _restore(path, learner, recipe, world)
    progress.rollbacks, progress.rate_scale, progress.seconds = rollbacks, 0.5**rollbacks, seconds
    wait(world)
    if world.leads:
        atomic_write_json(path / "progress.json", {"format": 1, **progress.to_dict()})
    observe("note", {"text": f"back to step {progress.step} with the rate times {progress.rate_scale:g}"})
    return progress, carried


def _result(
    finished: bool,
    learner: Learner,
    progress: Progress,
    recipe: Recipe,
    validate: Judge,
    folder: Path,
    world: World,
) -> Result:
    score = None
    if finished:
        weights = learner.best_guess
        best_step = from_leader(world, [progress.best_step], learner.gradient.device)[0]
        if best_step == -1:  # the best could not be kept; the last are
            try:
                if world.leads:
                    save_weights(folder / "model.safetensors", weights)
            except OSError as error:
                raise _disk_failure(folder, "the weights", error) from None
        elif best_step != progress.step:
            best = load_network(folder / "model.safetensors", learner.network.config)
            weights = {name: p.detach().to(learner.gradient.device) for name, p in best.named_parameters()}
        learner.publish(weights)
        learner.network.eval()
        score = validate(learner.network)
    return Result(finished, progress, progress.step * recipe.tokens_per_step, score)
