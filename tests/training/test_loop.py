"""The loop: what is learnt, what survives an interruption, what happens when numbers or disks give out."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from upwell.model.files import load_network
from upwell.model.network import Network
from upwell.training import loop
from upwell.training.checkpoints import checkpoints
from upwell.training.learner import Learner
from upwell.training.loop import TrainingFailure, fit
from upwell.training.metrics import read_metrics
from upwell.training.objectives import Batch, Outcome, next_token
from upwell.training.recipe import Recipe
from upwell.training.schedules import Budget
from upwell.training.streams import DocumentWindows, TokenStream

MODELS = ["rnn", "lstm", "gru", "mingru", "attention", "lstm attention"]


def weights(network: Network) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in network.named_parameters()}


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    for name in one:
        assert torch.equal(one[name], other[name]), name


@pytest.mark.parametrize("model", MODELS)
def test_fit_learns_what_the_text_holds(model: str, setup: Any, tmp_path: Path) -> None:
    result = fit(**setup(model), objective=next_token, budget=Budget("tokens", 12_000), folder=tmp_path)
    assert result.finished and result.score is not None
    assert result.score.loss < 1.9 < 2.83  # log 17 nats without learning, 1.06 with the map known exactly
    assert result.tokens == 12_032  # the nearest whole number of steps


@pytest.mark.parametrize("model", ["lstm", "attention", "lstm attention"])
@pytest.mark.parametrize(("dtype", "workers"), [(torch.float32, 1), (torch.bfloat16, 2)])
def test_fit_resumed_anywhere_ends_with_the_same_bits(
    model: str, dtype: torch.dtype, workers: int, setup: Any, tmp_path: Path
) -> None:
    recipe = Recipe(rows=4, length=16, validations=3, checkpoint_seconds=0, ema=0.9, optimizer="muon")
    options = {"dropout": 0.2, "embedding_dropout": 0.1, "output_dropout": 0.1, "weight_drop": 0.1}
    budget = Budget("tokens", 40 * recipe.tokens_per_step)
    way = {"objective": next_token, "budget": budget, "dtype": dtype, "num_workers": workers}
    whole = setup(model, recipe, **options)
    fit(**whole, **way, folder=tmp_path / "whole")
    for stop_at in (0, 1, 17, 39):
        folder = tmp_path / f"stopped-{stop_at}"
        count = 0

        def stopped(stop_at: int = stop_at) -> bool:
            nonlocal count
            count += 1
            return count > stop_at

        first = fit(**setup(model, recipe, **options), **way, folder=folder, stopped=stopped)
        assert not first.finished and first.progress.step == stop_at
        second = setup(model, recipe, **options)
        fit(**second, **way, folder=folder)
        assert_same(weights(whole["network"]), weights(second["network"]))
        assert (folder / "model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()
        steps = [line["step"] for line in read_metrics(folder / "metrics.jsonl") if line["kind"] == "validation"]
        assert steps == sorted(set(steps))


def test_fit_keeps_the_weights_of_the_best_validation(setup: Any, tmp_path: Path) -> None:
    recipe = Recipe(rows=4, length=16, learning_rate=3e-2, validations=20, patience=3, decay=0.0)
    arguments = setup("lstm", recipe)
    arguments["stream"] = replace(arguments["stream"], tokens=arguments["stream"].tokens[:300])  # soon learnt by heart
    losses = []

    def observe(kind: str, figures: dict[str, Any]) -> None:
        if kind == "validation":
            losses.append(figures["loss"])

    result = fit(**arguments, objective=next_token, budget=Budget("epochs", 400), folder=tmp_path, observe=observe)
    assert result.finished and result.score is not None
    assert result.score.loss == pytest.approx(min(losses), rel=1e-6)
    assert result.progress.stale == 3 and result.progress.step < 400 * arguments["stream"].windows
    kept = load_network(tmp_path / "model.safetensors", arguments["network"].config)
    assert_same(weights(kept), weights(arguments["network"]))


def test_fit_on_minutes_counts_the_time_of_all_sittings(setup: Any, tmp_path: Path) -> None:
    budget = Budget("minutes", 1.0 / 60)
    calls = 0

    def stopped() -> bool:
        nonlocal calls
        calls += 1
        return calls > 5

    first = fit(**setup(), objective=next_token, budget=budget, folder=tmp_path, stopped=stopped)
    second = fit(**setup(), objective=next_token, budget=budget, folder=tmp_path)
    assert second.finished and second.progress.step > first.progress.step
    assert 1.0 <= second.progress.seconds < 2.0
    assert first.progress.seconds > 0


def spoil(at: set[int], objective: Any = next_token) -> Any:
    """An objective whose loss is not finite at some calls."""
    calls = -1

    def spoiled(network: Network, batch: Batch, state: Any) -> Outcome:
        nonlocal calls
        calls += 1
        outcome = objective(network, batch, state)
        return replace(outcome, loss=outcome.loss * float("nan")) if calls in at else outcome

    return spoiled


def test_fit_skips_a_step_whose_loss_is_not_finite(setup: Any, tmp_path: Path) -> None:
    notes = []
    result = fit(
        **setup(),
        objective=spoil({3}),
        budget=Budget("tokens", 64 * 20),
        folder=tmp_path,
        observe=lambda kind, figures: notes.append(figures["text"]) if kind == "note" else None,
    )
    assert result.finished and result.score is not None and result.score.loss < 3
    assert notes == ["step 4: the loss is not finite; the step is skipped"]


def test_fit_goes_back_to_a_checkpoint_with_a_lower_rate(setup: Any, tmp_path: Path) -> None:
    result = fit(**setup(), objective=spoil({5, 6, 7}), budget=Budget("tokens", 64 * 20), folder=tmp_path)
    assert result.finished and result.progress.rollbacks == 1
    assert result.progress.rate_scale == 0.5


def test_fit_stops_where_the_loss_stays_not_finite(setup: Any, tmp_path: Path) -> None:
    with pytest.raises(TrainingFailure, match="stays not finite after 3 returns to step 0.*--learning-rate"):
        fit(**setup(), objective=spoil(set(range(100))), budget=Budget("tokens", 64 * 20), folder=tmp_path)


def test_fit_goes_on_when_the_disk_is_full_and_loses_nothing_saved(
    setup: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(rows=4, length=16, validations=0, checkpoint_seconds=0)
    monkeypatch.setattr(loop, "CHECKPOINT_SHARE", float("inf"))  # a checkpoint after every step
    real, notes = loop.save_checkpoint, []
    full = {4, 5, 6}

    def save(folder: Path, progress: Any, *rest: Any) -> Path:
        if progress.step in full:
            raise OSError(28, "No space left on device")
        return real(folder, progress, *rest)

    monkeypatch.setattr(loop, "save_checkpoint", save)
    arguments = {"objective": next_token, "budget": Budget("tokens", 64 * 10), "folder": tmp_path}
    observe = lambda kind, figures: notes.append(figures["text"]) if kind == "note" else None  # noqa: E731
    assert fit(**setup("lstm", recipe), **arguments, observe=observe).finished
    assert len(notes) == 3 and "No space left on device" in notes[0]
    full |= {10}
    other = tmp_path / "other"
    with pytest.raises(TrainingFailure, match="make room, then upwell train --resume"):
        fit(**setup("lstm", recipe), **{**arguments, "folder": other})
    assert checkpoints(other / "checkpoints")[-1].name == "step-00000009"


def test_fit_accepts_any_objective(setup: Any, tmp_path: Path) -> None:
    """Masked tokens: some inputs are hidden, and the loss counts those positions alone."""
    mask_id = 0

    def masked_token(network: Network, batch: Batch, state: Any) -> Outcome:
        hidden = torch.arange(batch.tokens.shape[1]).expand_as(batch.tokens) % 4 == 3
        masked = Batch(batch.tokens.masked_fill(hidden, mask_id), batch.tokens, hidden.float())
        return next_token(network, masked, state)

    lines: list[float] = []
    fit(
        **setup("gru"),
        objective=masked_token,
        budget=Budget("tokens", 32_000),
        folder=tmp_path,
        observe=lambda kind, figures: lines.append(figures["loss"]) if kind == "step" else None,
    )
    assert lines[-1] < 2.0  # the hidden token mostly follows from the one before it


@pytest.mark.parametrize("model", ["lstm", "attention"])
def test_fit_in_parts_equals_fit_at_once(model: str, setup: Any, tmp_path: Path) -> None:
    results = {}
    for name, accumulate, workers in (("once", 1, 1), ("parts", 4, 1), ("threads", 1, 2), ("both", 2, 2)):
        recipe = Recipe(rows=4, length=16, accumulate=accumulate, validations=0)
        arguments = setup(model, recipe)
        fit(
            **arguments,
            objective=next_token,
            budget=Budget("tokens", 64 * 10),
            folder=tmp_path / name,
            num_workers=workers,
        )
        results[name] = weights(arguments["network"])
    assert_same(results["parts"], results["both"])  # the same four parts, one after the other or two at a time
    for name in ("parts", "threads"):
        for key, value in results["once"].items():
            torch.testing.assert_close(results[name][key], value, rtol=1e-3, atol=1e-4)


def test_fit_writes_metrics_with_norm_and_update_ratio(
    setup: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)
    fit(**setup(), objective=next_token, budget=Budget("tokens", 64 * 20), folder=tmp_path)
    lines = [line for line in read_metrics(tmp_path / "metrics.jsonl") if line["kind"] == "step"]
    assert len(lines) == 10  # those in which the matrix looked at moves
    assert all(line["gradient_norm"] > 0 for line in lines)
    assert all(1e-5 < line["update_ratio"] < 1 for line in lines[1:])


@pytest.mark.parametrize("model", MODELS)
def test_loss_curve_is_the_recorded_one(model: str, setup: Any, tmp_path: Path, golden: Any) -> None:
    recipe = Recipe(
        rows=4, length=16, validations=0, learning_rate=5e-3, decay=0.0, optimizer="muon", matrix_learning_rate=1e-2
    )
    losses: list[float] = []

    def objective(network: Network, batch: Batch, state: Any) -> Outcome:
        outcome = next_token(network, batch, state)
        losses.append(float(outcome.loss.detach()) / outcome.count)
        return outcome

    fit(**setup(model, recipe), objective=objective, budget=Budget("tokens", 50 * 64), folder=tmp_path)
    recorded = golden(f"loss_curve_{model.replace(' ', '_')}.json", losses)
    assert losses == pytest.approx(recorded, rel=1e-4)


def test_read_metrics_ignores_a_line_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(json.dumps({"kind": "step", "step": 1}) + '\n{"kind": "st', encoding="utf-8")
    assert [line["step"] for line in read_metrics(path)] == [1]


def test_fit_forgets_the_past_of_rows_that_begin_anew(setup: Any, tmp_path: Path) -> None:
    arguments = setup("lstm", Recipe(rows=4, length=16, validations=0))
    arguments["stream"] = replace(arguments["stream"], first=0, fresh=0.5)
    states: list[tuple[torch.Tensor, torch.Tensor]] = []

    def objective(network: Network, batch: Batch, state: Any) -> Outcome:
        if state is not None and batch.fresh is not None:
            states.append((batch.fresh, state[0]["hidden"].abs().sum(1)))
        return next_token(network, batch, state)

    fit(**arguments, objective=objective, budget=Budget("tokens", 64 * 8), folder=tmp_path)
    assert len(states) == 7
    assert all(torch.equal(fresh, total == 0) for fresh, total in states)


def test_weights_that_could_not_be_kept_are_written_at_the_end_or_the_run_says_so(
    setup: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, room = loop.save_weights, [False, True]

    def save(path: Path, tensors: dict[str, torch.Tensor]) -> None:
        if not room.pop(0):
            raise OSError(28, "No space left on device")
        real(path, tensors)

    monkeypatch.setattr(loop, "save_weights", save)
    arguments = {"objective": next_token, "budget": Budget("tokens", 64 * 5), "folder": tmp_path}
    recipe = Recipe(rows=4, length=16, validations=1)
    run = setup("lstm", recipe)
    assert fit(**run, **arguments).finished
    assert_same(weights(load_network(tmp_path / "model.safetensors", run["network"].config)), weights(run["network"]))
    room += [False, False]
    with pytest.raises(TrainingFailure, match="the weights could not be written"):
        fit(**setup("lstm", recipe), **{**arguments, "folder": tmp_path / "other"})


def test_documents_in_windows_are_learned_and_resumed_with_the_same_bits(
    setup: Any, train_tokens: Any, tmp_path: Path
) -> None:
    recipe = Recipe(rows=4, length=16, validations=2, checkpoint_seconds=0, packed=True, prompt_share=0.5)
    offsets = np.arange(0, len(train_tokens) + 1, 7)
    prompts = (np.arange(len(train_tokens)) % 7 < 3).astype(np.uint8)
    budget = Budget("tokens", 30 * recipe.tokens_per_step)

    def run(folder: str, stop_at: int | None = None) -> dict[str, torch.Tensor]:
        arguments = setup("lstm attention", recipe)
        arguments["stream"] = DocumentWindows(
            train_tokens, offsets, 4, 16, 0, first=0, prompts=prompts, prompt_share=0.5
        )
        checks = itertools.count()
        fit(
            **arguments,
            objective=next_token,
            budget=budget,
            folder=tmp_path / folder,
            num_workers=2,
            stopped=lambda: next(checks) == stop_at,
        )
        return weights(arguments["network"])

    whole = run("whole")
    run("stopped", stop_at=11)
    assert_same(whole, run("stopped"))


def test_a_step_that_asks_nothing_does_no_harm(setup: Any, train_tokens: Any, tmp_path: Path) -> None:
    arguments = setup("lstm")
    given = np.ones(len(train_tokens), np.uint8)
    arguments["stream"] = TokenStream(train_tokens, 4, 16, 0, prompts=given, prompt_share=0.0)
    result = fit(**arguments, objective=next_token, budget=Budget("tokens", 256), folder=tmp_path)
    assert result.finished and result.score is not None and math.isfinite(result.score.loss)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_masters_and_network_come_back_after_the_average_was_evaluated(tiny_config: Any, dtype: torch.dtype) -> None:
    network = Network(tiny_config("lstm"))
    network.reset_parameters(0)
    learner = Learner(network, Recipe(ema=0.5), dtype)
    before = {name: master.clone() for name, master in learner.masters.items()}
    for average in learner.average.values():
        average.add_(1)
    with learner.evaluating() as evaluated:
        for name, parameter in evaluated.named_parameters():
            assert torch.equal(parameter, learner.average[name].to(dtype))
    for name, parameter in learner.network.named_parameters():
        assert torch.equal(learner.masters[name], before[name])
        assert torch.equal(parameter, before[name].to(dtype))
