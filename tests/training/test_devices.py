"""Which device a run takes, and that a GPU learns what a CPU learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from upwell.errors import UserError
from upwell.model.config import MIXERS
from upwell.model.machine import choose_device
from upwell.training.loop import fit
from upwell.training.objectives import next_token
from upwell.training.schedules import Budget


@pytest.mark.parametrize(
    ("gpus", "rank", "processes", "name", "device"),
    [
        (0, 0, 1, None, "cpu"),
        (1, 0, 1, None, "cuda"),
        (1, 0, 1, "cpu", "cpu"),
        (1, 0, 1, "cuda", "cuda"),
        (2, 1, 2, None, "cuda:1"),
        (2, 1, 2, "cuda", "cuda:1"),
        (1, 1, 2, None, "cpu"),
    ],
)
def test_each_process_has_a_gpu_of_its_own_or_all_take_the_cpu(
    gpus: int, rank: int, processes: int, name: str | None, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pretend(monkeypatch, gpus, rank, processes)
    assert choose_device(name) == torch.device(device)


@pytest.mark.parametrize(
    ("gpus", "processes", "name", "said"),
    [(0, 1, "cuda", "has no NVIDIA GPU"), (1, 2, "cuda", "2 processes, 1 GPU"), (1, 1, "tpu", "choose cpu or cuda")],
)
def test_a_device_that_is_not_there_is_said(
    gpus: int, processes: int, name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pretend(monkeypatch, gpus, 0, processes)
    with pytest.raises(UserError, match=said):
        choose_device(name)


def _pretend(monkeypatch: pytest.MonkeyPatch, gpus: int, rank: int, processes: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    if processes > 1:
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU here")
@pytest.mark.filterwarnings("ignore:RNN module weights are not part of single contiguous chunk")  # cuDNN copies them
@pytest.mark.parametrize("model", [*MIXERS, "lstm attention"])
def test_a_gpu_learns_what_a_cpu_learns_also_resumed(model: str, setup: Any, tmp_path: Path) -> None:
    losses = {}
    for device in ("cpu", "cuda"):
        calls = 0

        def stopped() -> bool:
            nonlocal calls
            calls += 1
            return calls == 60

        for _ in range(2):  # interrupted once
            run = setup(model)
            run["network"].to(device)
            result = fit(
                **run, objective=next_token, budget=Budget("tokens", 8_000), folder=tmp_path / device, stopped=stopped
            )
        assert result.finished and result.score is not None
        losses[device] = result.score.loss
    assert losses["cuda"] == pytest.approx(losses["cpu"], rel=0.01)
