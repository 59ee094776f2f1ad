"""The ladder: jobs with stable names, rates that hold over widths, runs that survive kills, times told beforehand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from upwell.emergence import Ability, Budget, Ladder, Rows, continuation
from upwell.emergence.circuits import Copy, Parity
from upwell.emergence.jobs import CircuitJob, load_result, save_result
from upwell.emergence.learning import (
    Run,
    check_rates,
    evaluation_steps,
    held_out_rows,
    measure_step,
    planned_seconds,
    reference_nll,
    run_job,
    train,
)
from upwell.emergence.measures import edit_distance, score
from upwell.emergence.networks import count_parameters, network_config, training_flops
from upwell.emergence.presets import make_ladder, reopen_ladder
from upwell.emergence.rates import FlatAdamW, reset_for_width
from upwell.emergence.workers import LocalEngine
from upwell.errors import UserError
from upwell.model.network import Network

SHORT = Budget(steps=40, rows=16, evaluations=4, check_items=32, test_items=64)
EASY = Copy(length=3, symbols=4)


def job(**changes: Any) -> CircuitJob:
    return replace(CircuitJob(EASY, "lstm", 1500, 0, SHORT), **changes)


@dataclass
class Backwards(Ability):
    """A word, and the word written backwards: an ability made by a user."""

    name: str = "backwards"
    vocab_size: int = 6
    positions: tuple[int, ...] = (4, 5, 6, 7)
    chance: float = 5.0**-4

    def rows(self, rng: np.random.Generator, count: int) -> Rows:
        word = rng.integers(0, 5, (count, 4))
        return continuation(np.concatenate([word, np.full((count, 1), 5)], 1), np.ascontiguousarray(word[:, ::-1]))


def test_job_names_say_what_and_change_with_what_is_computed() -> None:
    assert job().id == job().id and job().id.startswith("run-copy-lstm-1500-s0-")
    others = [
        job(seed=1),
        job(size=3000),
        job(factor=2.0),
        job(kind="rates"),
        job(budget=replace(SHORT, steps=41)),
        job(ability=Copy(length=4, symbols=4)),
    ]
    assert len({job().id, *(other.id for other in others)}) == 7


def test_results_come_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "results" / "one.npz"
    save_result(path, {"a": 1.5, "text": "文"}, {"x": np.arange(6).reshape(2, 3)})
    figures, arrays = load_result(path)
    assert figures == {"a": 1.5, "text": "文"} and (arrays["x"] == np.arange(6).reshape(2, 3)).all()


@pytest.mark.parametrize("family", ["rnn", "lstm", "gru", "mingru", "attention"])
def test_sizes_are_met_at_two_blocks_whatever_the_family(family: str) -> None:
    for size in (6_000, 25_000, 100_000):
        network = Network(network_config(EASY, family, size))
        assert count_parameters(network)[0] == pytest.approx(size, rel=0.3)
        assert len(network.blocks) == 2 and count_parameters(network)[1] > count_parameters(network)[0]


def test_flops_count_the_head_at_answers_alone() -> None:
    network = Network(network_config(EASY, "lstm", 1500))
    width = network.config.width
    blocks = 2 * (2 * 8 * width * width)
    assert training_flops(network, EASY) == 3 * (blocks * 6 + 2 * 5 * width * 3)


@pytest.mark.parametrize("family", ["lstm", "gru", "mingru", "attention"])
def test_coordinate_check_updates_do_not_grow_or_shrink_with_width(family: str) -> None:
    changes = []
    for width in (16, 64, 256):
        size = {"lstm": 16, "gru": 12, "mingru": 22, "attention": 24}[family] * width * width
        network = Network(network_config(EASY, family, size))
        reset_for_width(network, 0)
        optimizer = FlatAdamW(network, rate=2e-3, weight_decay=0.0, beta2=0.99)
        rows = EASY.rows(np.random.default_rng(0), 64)
        inputs, targets = torch.from_numpy(rows.inputs), torch.from_numpy(rows.targets)
        streams = []
        for _ in range(6):
            hidden, _ = network.hidden(inputs)
            logits = network.logits(hidden[:, list(EASY.positions)])
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()
            optimizer.step()
            streams.append((hidden.detach(), logits.detach()))
        changes.append([float((b - a).square().mean().sqrt()) for a, b in zip(streams[0], streams[-1], strict=True)])
    slopes = np.log(np.array(changes[-1]) / np.array(changes[0])) / np.log(256 / 16)
    assert np.abs(slopes).max() < 0.35, changes


def test_a_run_learns_and_its_arrays_fit_together() -> None:
    figures, arrays = train(job(budget=replace(SHORT, steps=400, rows=32)))
    assert arrays["nll"].shape == arrays["right"].shape == arrays["answers"].shape == (64, 3)
    assert len(arrays["steps"]) == len(arrays["check_nll"]) and figures["steps"] == arrays["steps"][-1]
    assert arrays["check_nll"][-1].mean() < 0.5 * arrays["check_nll"][0].mean()
    scores = score(arrays, reference_nll(EASY, held_out_rows(EASY, 64)))
    assert scores.match <= scores.tokens and scores.whole > 1e-3 and 0 < scores.continuous <= 1


def test_the_same_job_gives_the_same_result() -> None:
    one, two = train(job()), train(job())
    assert all((one[1][name] == two[1][name]).all() for name in ("nll", "right", "answers"))
    assert not np.array_equal(train(job(seed=1))[1]["nll"], one[1]["nll"])


def test_solved_runs_stop() -> None:
    figures, arrays = train(
        job(ability=Parity(length=6), family="gru", budget=replace(SHORT, steps=2000, rows=32, rate=1e-2))
    )
    assert figures["solved"] and figures["steps"] < 2000 and arrays["right"].all(1).mean() > 0.9


def test_free_answers_that_are_right_are_first_choices_and_no_others() -> None:
    run = Run(job(family="attention", budget=replace(SHORT, steps=60)), rate=4e-3)
    run.advance(60)
    rows = held_out_rows(EASY, 64)
    _, right = run.measure(rows)
    assert ((run.answer(rows) == rows.targets).all(1) == right.all(1)).all()


def test_measuring_leaves_training_as_it_was() -> None:
    run, other = Run(job(), rate=4e-3), Run(job(), rate=4e-3)
    run.advance(10)
    run.measure(held_out_rows(EASY, 16))
    run.advance(20)
    other.advance(20)
    assert torch.equal(run.weights, other.weights)


def test_the_rate_check_prefers_the_base_rate_unless_another_is_clearly_better() -> None:
    figures, _ = check_rates(job(budget=replace(SHORT, steps=100, rate=4e-3)))
    assert set(figures["losses"]) >= {"0.5", "1", "2"}
    slow, _ = check_rates(job(budget=replace(SHORT, steps=1500, rate=5e-4)))
    assert slow["factor"] > 1 and slow["at_edge"]


def test_evaluations_are_even_in_the_logarithm_and_end_with_the_run() -> None:
    steps = evaluation_steps(Budget(steps=1500))
    assert steps[0] == 38 and steps[-1] == 1500 and len(steps) == 14


def test_planned_time_holds_within_a_quarter_in_core_seconds() -> None:
    torch.set_num_threads(1)
    timed = job(ability=Copy(length=6, symbols=8), budget=Budget(steps=400, rows=32, check_items=64, test_items=64))
    errors = []
    for _ in range(3):
        cost = measure_step(timed)
        figures, _ = train(timed)
        errors.append(figures["seconds"] / planned_seconds(timed, cost, steps=figures["steps"]) - 1)
    assert min(abs(error) for error in errors) < 0.25, errors


def test_edit_distance_is_levenshtein_s() -> None:
    words = np.array([[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4], [5, 5, 5, 5]])
    others = np.array([[1, 2, 3, 4], [2, 3, 4, 1], [1, 9, 3, 4], [1, 2, 3, 4]])
    assert list(edit_distance(words, others)) == [0, 2, 1, 4]


def test_a_users_own_ability_becomes_a_report(tmp_path: Path) -> None:
    told: list[str] = []
    ladder = Ladder(
        [Backwards()], models=["gru"], sizes=[1000, 4000], seeds=2, budget=SHORT, workers=1, out=tmp_path / "mine"
    )
    report = ladder.run(lambda kind, figures: told.append(kind))
    assert report["abilities"]["backwards"]["families"]["gru"]["verdict"]["reason"] == "few rungs"
    assert told == ["plan", *["job"] * 6, "report"]
    assert json.loads((tmp_path / "mine/report.json").read_text(encoding="utf-8")) == report
    page = (tmp_path / "mine/report.html").read_text(encoding="utf-8")
    assert "<svg" in page and "http" not in page and "<script" not in page
    with pytest.raises(UserError, match="of your own"):
        reopen_ladder(tmp_path / "mine")


def test_a_finished_ladder_makes_its_report_anew_without_training(tmp_path: Path) -> None:
    ladder = Ladder([EASY], models=["gru"], sizes=[1000, 4000], seeds=1, budget=SHORT, workers=1, out=tmp_path)
    first = ladder.run()
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "results").iterdir()}
    told: list[str] = []
    again = reopen_ladder(tmp_path, workers=1).run(lambda kind, figures: told.append(kind), language="zh")
    assert told == ["plan", "report"]
    assert before == {path.name: path.stat().st_mtime_ns for path in (tmp_path / "results").iterdir()}
    assert again["abilities"] == first["abilities"]
    assert "哪种能力在哪里出现" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_dead_worker_costs_only_its_job(tmp_path: Path) -> None:
    jobs = [job(seed=seed, budget=replace(SHORT, steps=300)) for seed in range(6)]
    finished = []
    for done in LocalEngine().compute_all(jobs, run_job, tmp_path, workers=2):
        if not finished:
            children = subprocess.run(
                ["pgrep", "-P", str(os.getpid()), "-f", "spawn_main"], capture_output=True, check=False
            ).stdout.split()
            os.kill(int(children[0]), signal.SIGKILL)
        finished.append(done.id)
    assert sorted(set(finished)) == sorted(one.id for one in jobs)
    assert all(one.path(tmp_path).exists() for one in jobs)


def test_a_ladder_killed_by_force_goes_on_to_the_same_results(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "upwell",
        "emerge",
        "--preset",
        "smoke",
        "--models",
        "gru",
        "--sizes",
        "1k,4k",
        "--seeds",
        "1",
        "--quiet",
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([*command, "--out", str(tmp_path / "a")], env=environment)
    results = tmp_path / "a" / "results"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and len(list(results.glob("*.npz")) if results.exists() else []) < 1:
        time.sleep(0.05)
    process.kill()
    process.wait()
    done = subprocess.run(
        [*command[:4], "--resume", str(tmp_path / "a"), "--quiet", "--json"],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    subprocess.run([*command, "--workers", "1", "--out", str(tmp_path / "b")], env=environment, check=True)
    names = sorted(path.name for path in results.glob("*.npz"))
    assert names == sorted(path.name for path in (tmp_path / "b/results").glob("*.npz")) and len(names) == 4
    for name in names:
        one, two = (load_result(tmp_path / folder / "results" / name)[1] for folder in "ab")
        assert all(np.array_equal(one[key], two[key]) for key in one if key != "seconds")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tasks": ["coppy"]}, "did you mean copy"),
        ({"models": ["transformer"]}, "choose from"),
        ({"sizes": ["1.5k", "1.6k"]}, "same"),
        ({"sizes": ["25k"]}, "two sizes"),
        ({"seeds": 0}, "--seeds 0"),
        ({"workers": 0}, "--workers 0"),
        ({"sizes": ["1k", "1b"]}, "up to"),
        ({"tasks": ["copy", "copy"]}, "another name"),
    ],
)
def test_mistakes_are_told_in_one_line(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        make_ladder("smoke", **change, out=tmp_path)


def test_a_folder_of_another_ladder_is_not_touched(tmp_path: Path) -> None:
    ladder = Ladder([EASY], models=["gru"], sizes=[1000, 4000], seeds=1, budget=SHORT, workers=1, out=tmp_path)
    ladder.run()
    other = Ladder([EASY], models=["lstm"], sizes=[1000, 4000], seeds=1, budget=SHORT, workers=1, out=tmp_path)
    with pytest.raises(UserError, match="another ladder"):
        other.run()
