"""Plans: sizes from budgets, costs from sizes, refusals before any work."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import torch

from upwell.errors import UserError
from upwell.model.accounting import meta_network, training_flops_per_token
from upwell.model.config import NetworkConfig
from upwell.model.network import Network
from upwell.text.tokenizers import END_OF_TEXT_ID
from upwell.training.compute import Compute, choose_compute, measure_peaks
from upwell.training.distributed import World
from upwell.training.hardware import HARDWARE, compute_optimal_size, find_hardware
from upwell.training.options import TrainOptions
from upwell.training.plan import Measured, Plan, check_memory, check_options, choose_size, make_plan, plan_here
from upwell.training.schedules import Budget


def plan(**options: object) -> object:
    return make_plan(
        TrainOptions(**options),  # type: ignore[arg-type]
        vocab_size=100,
        train_tokens=1_000_000,
        train_bytes=1_000_000,
        flops_per_second=2e11,
        dtype="float32",
    )


def test_the_size_grows_with_the_budget_and_stops_at_what_the_text_can_teach() -> None:
    sizes = [
        choose_size(Budget("minutes", m), flops_per_second=2e11, train_tokens=10**6, train_bytes=10**6)
        for m in (0.1, 1, 10, 100, 1e6)
    ]
    assert sizes == sorted(sizes) and sizes[0] < sizes[1] < sizes[-1] == 4_000_000
    prompts = choose_size(
        Budget("minutes", 1), flops_per_second=2e11, train_tokens=10**6, train_bytes=10**6, has_prompts=True
    )
    assert prompts < sizes[1]
    tokens = choose_size(
        Budget("tokens", 9.35e6), flops_per_second=2e11, train_tokens=10**7, train_bytes=10**8, has_prompts=True
    )
    assert tokens == 550_000
    assert choose_size(Budget("tokens", 10), flops_per_second=2e11, train_tokens=10**6, train_bytes=10**6) == 20_000


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


def test_texts_of_a_table_that_are_read_often_are_read_with_more_dropout() -> None:
    def shares(**options: object) -> tuple[float, float, float]:
        network = plan(model="lstm", size="50k", **options).network  # type: ignore[attr-defined]
        return network.dropout, network.output_dropout, network.embedding_dropout

    assert shares(epochs=20) == (0.2, 0.0, 0.0)
    assert shares(epochs=20, task="write") == shares(epochs=50, task="write") == (0.4, 0.3, 0.1)
    assert shares(epochs=10, task="write", output_dropout=0.5) == (0.2, 0.5, 0.05)
    assert shares(epochs=2, task="write") == (0.0, 0.0, 0.0)


def test_short_runs_take_larger_steps_and_no_turns() -> None:
    def rates(family: str, steps: int, **options: object) -> tuple[float, float, int]:
        made = plan(model=family, size="130k", tokens=float(2048 * steps), **options)
        recipe = made.recipe  # type: ignore[attr-defined]
        return recipe.learning_rate / 4e-3, recipe.matrix_learning_rate / 1e-2, recipe.turns

    assert rates("lstm", 1000) == (1.0, 1.0, 2)
    assert rates("lstm", 999) == rates("lstm", 500) == (1.0, 1.0, 1)
    assert rates("gru", 200) == pytest.approx((2.5, 2.5, 1))
    assert rates("mingru", 20) == pytest.approx((3.0, 3.0, 1))
    assert rates("attention", 20) == rates("lstm attention", 20) == (1.0, 1.0, 1)
    assert rates("lstm", 20, learning_rate=4e-3) == pytest.approx((1.0, 1.0, 1))


def test_a_short_text_gets_fewer_rows() -> None:
    made = make_plan(
        TrainOptions(size="20k", epochs=1),
        vocab_size=50,
        train_tokens=300,
        train_bytes=300,
        flops_per_second=4e10,
        dtype="float32",
    )
    assert made.recipe.tokens_per_step <= 300
    with pytest.raises(UserError, match="too few for 64 rows of 8; lower --rows"):
        make_plan(
            TrainOptions(size="20k", epochs=1, rows=64),
            vocab_size=50,
            train_tokens=300,
            train_bytes=300,
            flops_per_second=4e10,
            dtype="float32",
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


CPU = torch.device("cpu")


def test_choose_compute_keeps_what_the_user_gave_and_measures_the_rest() -> None:
    made = plan(model="lstm", size="20k", minutes=1)
    config, recipe = made.network, made.recipe  # type: ignore[attr-defined]

    def choose(peaks: dict[str, float], threads: int, rows: int = 16) -> tuple[Compute, dict[str, float]]:
        changed = replace(recipe, rows=rows)
        return choose_compute(config, changed, device=CPU, peaks=peaks, threads=threads, world=World())

    only, tried = choose({"float32": 1e10}, 1)
    assert only == Compute("cpu", "float32", 1, 1) and set(tried) == {only.describe()}
    free, tried = choose({"float32": 1e10, "bfloat16": 2e10}, 2)
    assert len(tried) == 3 and all(speed > 0 for speed in tried.values())
    assert tried[free.describe()] == max(s for way, s in tried.items() if free.dtype in way)
    slow, tried = choose({"float32": 1e11, "bfloat16": 1e9}, 2)  # a processor without bf16 instructions
    assert slow.dtype == "float32" and not any("bfloat16" in way for way in tried)
    assert choose({"float32": 1e10}, 2, rows=5)[0].workers == 1  # five rows cannot be halved


def test_a_wide_network_is_not_tried_in_a_dtype_that_is_slow_at_matmuls() -> None:
    recipe = plan(model="lstm", size="20k", minutes=1, rows=2, length=8).recipe  # type: ignore[attr-defined]
    for width, tried in ((8, {"float32", "bfloat16"}), (256, {"bfloat16"})):
        config = NetworkConfig(vocab_size=16, blocks=("lstm",), width=width, context=8)
        peaks = {"float32": 1e10, "bfloat16": 2e10}
        _, speeds = choose_compute(config, recipe, device=CPU, peaks=peaks, threads=1, world=World())
        assert {dtype for dtype in peaks if any(dtype in way for way in speeds)} == tried
        close = {"float32": 1.5e10, "bfloat16": 2e10}
        _, speeds = choose_compute(config, recipe, device=CPU, peaks=close, threads=1, world=World())
        assert len(speeds) == 2


def test_measuring_the_peak_of_a_slow_dtype_takes_no_longer_than_of_a_fast_one() -> None:
    began = time.perf_counter()
    peaks = measure_peaks(CPU, None, 1)
    assert set(peaks) == {"float32", "bfloat16"} and all(peak > 1e7 for peak in peaks.values())
    assert time.perf_counter() - began < 5
    assert set(measure_peaks(CPU, "float32", 1)) == {"float32"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"dtype": "int8"}, "--dtype int8"),
        ({"threads": 0}, "--threads 0"),
        ({"tokenizer": "letters"}, "--tokenizer letters: choose char, byte"),
        ({"minutes": 0.0}, "--minutes 0.0"),
        ({"model": "lstm", "depth": 900}, "depth 900"),
        ({"learning_rate": -1.0}, "learning_rate"),
    ],
)
def test_options_that_cannot_be_are_refused_before_any_work(options: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        check_options(TrainOptions(**options))  # type: ignore[arg-type]


def test_plan_here_measures_plans_and_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    def here(**options: object) -> tuple[Plan, Compute, Measured]:
        wanted = TrainOptions(**options)  # type: ignore[arg-type]
        return plan_here(wanted, vocab_size=30, train_tokens=10**5, train_bytes=10**5, device=CPU, world=World())

    made, compute, measured = here(threads=1, minutes=0.01)
    assert made.dtype == compute.dtype and compute.threads == 1
    assert measured.speeds[compute.describe()] > 0
    assert made.parameters["non_embedding"] > 10_000
    assert set(measured.peaks) == {"float32", "bfloat16"}
    monkeypatch.setattr("upwell.training.plan.device_memory", lambda device: 1 << 20)
    with pytest.raises(UserError, match="GiB are free"):
        here(threads=1, minutes=0.01)


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


def test_the_size_follows_from_the_speed_that_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def plan_at(share: float) -> int:
        def choose(config: NetworkConfig, *_: object, **__: object) -> tuple[Compute, dict[str, float]]:
            compute = Compute("cpu", "float32", 1, 1)
            return compute, {compute.describe(): 1e11 * share / training_flops_per_token(meta_network(config), 128)}

        monkeypatch.setattr("upwell.training.plan.choose_compute", choose)
        monkeypatch.setattr("upwell.training.plan.measure_peaks", lambda *_: {"float32": 1e11})
        made, _, _ = plan_here(
            TrainOptions(minutes=3), vocab_size=30, train_tokens=10**7, train_bytes=10**7, device=CPU, world=World()
        )
        return made.parameters["non_embedding"]

    assert plan_at(0.1) < 0.7 * plan_at(0.4)  # a slow kernel gets a smaller network, which sees enough of the text
    assert plan_at(0.1) == pytest.approx(plan_at(0.4) / 2, rel=0.2)


def test_prompts_with_answers_get_attention_that_looks_for_what_followed() -> None:
    wanted = {"vocab_size": 100, "train_tokens": 10**6, "train_bytes": 10**6, "flops_per_second": 2e11}
    prompts, text = (
        make_plan(TrainOptions(minutes=1, model=model), dtype="float32", has_prompts=has, **wanted).network  # type: ignore[arg-type]
        for model, has in ((None, True), ("attention", False))
    )
    assert "attention" in prompts.mixers and prompts.late_keys == prompts.kv_heads // 2 > 0
    assert text.late_keys == 0


def test_documents_are_read_apart_where_windows_are_packed() -> None:
    def made(documents: int) -> Plan:
        return make_plan(
            TrainOptions(model="lstm attention-mlp", size="100k", tokens="2m"),
            vocab_size=500,
            train_tokens=1_000_000,
            train_bytes=4_000_000,
            flops_per_second=4e10,
            dtype="float32",
            documents=documents,
        )

    whole, long = made(20_000), made(1)
    assert whole.recipe.packed and whole.network.boundary == END_OF_TEXT_ID
    assert not long.recipe.packed and long.network.boundary is None
