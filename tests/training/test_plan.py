"""Plans: sizes from budgets, costs from sizes, refusals before any work."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from upwell.errors import UserError
from upwell.model.network import Network
from upwell.training.compute import Compute, choose_compute
from upwell.training.distributed import World
from upwell.training.hardware import HARDWARE, compute_optimal_size, find_hardware
from upwell.training.options import TrainOptions
from upwell.training.plan import check_memory, choose_size, make_plan
from upwell.training.schedules import Budget


def plan(**options: object) -> object:
    return make_plan(
        TrainOptions(**options),  # type: ignore[arg-type]
        vocab_size=100,
        train_tokens=1_000_000,
        train_bytes=1_000_000,
        peak=5e11,
    )


def test_the_size_grows_with_the_budget_and_stops_at_what_the_text_can_teach() -> None:
    sizes = [
        choose_size(Budget("minutes", m), peak=5e11, train_tokens=10**6, train_bytes=10**6)
        for m in (0.1, 1, 10, 100, 1e6)
    ]
    assert sizes == sorted(sizes) and sizes[0] < sizes[1] < sizes[-1] == 4_000_000
    assert choose_size(Budget("tokens", 10), peak=5e11, train_tokens=10**6, train_bytes=10**6) == 20_000


def test_a_plan_counts_what_the_network_holds() -> None:
    made = plan(model="lstm", size="300k", minutes=1)
    network = Network(made.network)  # type: ignore[attr-defined]
    assert made.parameters["total"] == sum(p.numel() for p in network.parameters())  # type: ignore[attr-defined]
    assert made.parameters["non_embedding"] == pytest.approx(300_000, rel=0.2)  # type: ignore[attr-defined]
    width = made.network.width  # type: ignore[attr-defined]
    assert made.flops_per_token == 3 * 2 * (2 * 8 * width**2 + 100 * width)  # type: ignore[attr-defined]


def test_what_the_user_gives_stands() -> None:
    made = plan(
        model="gru", size="50k", tokens="1m", rows=6, length=40, dropout=0.3, learning_rate=1e-3, optimizer="adamw"
    )
    recipe, network = made.recipe, made.network  # type: ignore[attr-defined]
    assert (recipe.rows, recipe.length, recipe.learning_rate, recipe.optimizer) == (6, 40, 1e-3, "adamw")
    assert network.dropout == 0.3


def test_a_short_text_gets_fewer_rows() -> None:
    made = make_plan(TrainOptions(size="20k", epochs=1), vocab_size=50, train_tokens=300, train_bytes=300, peak=1e11)
    assert made.recipe.tokens_per_step <= 300
    with pytest.raises(UserError, match="too few for 64 rows of 8; lower --rows"):
        make_plan(
            TrainOptions(size="20k", epochs=1, rows=64), vocab_size=50, train_tokens=300, train_bytes=300, peak=1e11
        )


def test_too_little_memory_is_refused_with_a_size_that_fits() -> None:
    made = plan(model="attention", size="500m", minutes=1)
    check_memory(made, 1 << 40)  # type: ignore[arg-type]
    with pytest.raises(
        UserError, match=r"needs about \d+\.\d GiB, 2\.0 GiB are free; --size (\S+) would fit"
    ) as caught:
        check_memory(made, 2 << 30)  # type: ignore[arg-type]
    size = str(caught.value).split("--size ")[1].split()[0]
    check_memory(plan(model="attention", size=size, minutes=1), 2 << 30)  # type: ignore[arg-type]


def test_choose_compute_keeps_what_the_user_gave_and_measures_the_rest() -> None:
    made = plan(model="lstm", size="20k", minutes=1)
    config, recipe = made.network, made.recipe  # type: ignore[attr-defined]
    cpu = torch.device("cpu")
    fixed, tried = choose_compute(config, recipe, device=cpu, dtype="float32", threads=1, world=World())
    assert fixed == Compute("cpu", "float32", 1, 1) and tried == {}
    free, tried = choose_compute(config, recipe, device=cpu, dtype=None, threads=2, world=World())
    assert len(tried) == 3 and all(speed > 0 for speed in tried.values())
    assert tried[free.describe()] == max(s for way, s in tried.items() if free.dtype in way)
    odd, _ = choose_compute(config, replace(recipe, rows=5), device=cpu, dtype="float32", threads=2, world=World())
    assert odd.workers == 1  # five rows cannot be halved


@pytest.mark.parametrize(("dtype", "threads", "said"), [("int8", None, "--dtype int8"), (None, 0, "--threads 0")])
def test_choose_compute_refuses_what_does_not_exist(dtype: str | None, threads: int | None, said: str) -> None:
    made = plan(model="lstm", size="20k", minutes=1)
    with pytest.raises(UserError, match=said):
        choose_compute(
            made.network,  # type: ignore[attr-defined]
            made.recipe,  # type: ignore[attr-defined]
            device=torch.device("cpu"),
            dtype=dtype,
            threads=threads,
            world=World(),
        )


def test_the_reference_law_is_at_its_minimum() -> None:
    flops = 1e18

    def loss(size: float) -> float:
        return float(482.01 / size**0.3478 + 2085.43 / (flops / 6 / size) ** 0.3658)

    best = compute_optimal_size(flops)
    assert loss(best) < min(loss(best * 1.02), loss(best / 1.02))


def test_hardware_is_found_by_name_and_cites_its_source() -> None:
    assert find_hardware("RTX 4090") is HARDWARE["rtx4090"]
    assert all(item.source and item.peak > 1e13 for item in HARDWARE.values())
    with pytest.raises(UserError, match="--hardware abacus: not in the table; there are t4"):
        find_hardware("abacus")
