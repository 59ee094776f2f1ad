"""The mixture: one language model a rung, five tasks measured on it, in one report."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from upwell.cli import main
from upwell.emergence.jobs import load_result
from upwell.emergence.mixture import MixtureLadder
from upwell.emergence.mixture.abilities import LANGUAGE_ABILITIES
from upwell.emergence.mixture.jobs import MixtureBudget
from upwell.emergence.mixture.learning import HEAD_WIDTH, LanguageRun, examples_of, network_config
from upwell.emergence.presets import CIRCUITS, make_ladder, reopen_ladder
from upwell.emergence.report.page import render
from upwell.emergence.report.words import LANGUAGES, about, words
from upwell.errors import UserError
from upwell.tasks.scorecard import TASKS, make_tasks
from upwell.tasks.task import Item
from upwell.text.examples import language_of

BUDGET = MixtureBudget(tokens=12_288, rows=4, evaluations=2, check_items=2, test_items=6)


def make(folder: Path, **changes: Any) -> MixtureLadder:
    wanted = {"sizes": [5_000, 20_000], "seeds": 1, "budget": BUDGET, "dtype": "float32", "workers": 1} | changes
    return MixtureLadder(source="world:level=1,megabytes=0.2", out=folder, **wanted)


@pytest.fixture(scope="module")
def ladder(tmp_path_factory: pytest.TempPathFactory) -> MixtureLadder:
    """Of two sizes that learn nothing in so short a time."""
    made = make(tmp_path_factory.mktemp("mixture"))
    made.run()
    return made


def test_every_task_is_measured_on_every_rung(ladder: MixtureLadder) -> None:
    report = json.loads((ladder.folder / "report.json").read_text(encoding="utf-8"))
    assert tuple(report["abilities"]) == TASKS
    for name, ability in report["abilities"].items():
        family = ability["families"]["hybrid"]
        assert family["non_embedding"] == sorted(family["non_embedding"]) and len(family["non_embedding"]) == 2
        assert family["verdict"] == {"label": "undetermined", "reason": "few rungs"}
        assert 0 <= ability["baseline"] < 0.7 and ability["reference_nll"] > 1, name
        assert report["audit"]["leaks"][name] == 0
        assert all(np.isfinite(family["scores"]["continuous"]["mean"]))
    assert len(report["audit"]["times"]) == 2


def test_every_item_is_kept_and_the_scores_follow_from_them(ladder: MixtureLadder) -> None:
    (subject,) = [subject for subject in ladder.subjects() if subject.name == "classification"]
    (job,) = ladder.runs_of(subject.topic, "hybrid", 20_000)
    _, arrays = load_result(job.path(ladder.folder))
    for name in TASKS:
        assert arrays[f"{name}.right"].shape == arrays[f"{name}.nll"].shape == (6, 1)
        assert arrays[f"{name}.check_nll"].shape == (len(arrays["steps"]), 2, 1)
    examples = examples_of("classification", 6, "test")
    right = [
        example.answer == output for example, output in zip(examples, arrays["classification.outputs"], strict=True)
    ]
    assert arrays["classification.right"][:, 0].tolist() == right
    figures, own = ladder.results(subject, job)
    scores = ladder.score(subject, own)
    assert scores.match == np.mean(right) and figures["steps"] == BUDGET.steps
    assert scores.continuous == pytest.approx(1 - scores.nll / subject.reference_nll)
    assert scores.whole == pytest.approx(float(ladder.places(subject, own)[0]))


def test_a_finished_mixture_makes_its_report_anew_without_training(ladder: MixtureLadder) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in (ladder.folder / "results").iterdir()}
    told: list[str] = []
    again = reopen_ladder(ladder.folder, workers=1)
    assert isinstance(again, MixtureLadder) and again.settings() == ladder.settings()
    again.run(lambda kind, figures: told.append(kind), language="zh")
    assert told == ["plan", "report"]
    assert before == {path.name: path.stat().st_mtime_ns for path in (ladder.folder / "results").iterdir()}
    page = (ladder.folder / "report.html").read_text(encoding="utf-8")
    assert "仍不高于基线" in page and "英译汉" in page


def test_the_same_job_gives_the_same_weights(tmp_path: Path) -> None:
    job = make(tmp_path).job("mixture", "lstm", 5_000, 3)
    one, other = (LanguageRun(job, factor=1.0) for _ in range(2))
    one.advance(3)
    other.advance(2)
    other.answer_loss(2)
    other.advance(3)
    for name, weight in one.learner.masters.items():
        assert (weight == other.learner.masters[name]).all(), name
    assert dataclasses.replace(job, factor=2.0).id != job.id != dataclasses.replace(job, dtype="bfloat16").id


@pytest.mark.parametrize("family", ["rnn", "lstm", "gru", "mingru", "attention", "hybrid"])
def test_the_axis_is_width_alone(family: str) -> None:
    configs = [network_config(family, size, 100) for size in (25_000, 100_000, 300_000, 1_000_000)]
    assert len({config.blocks for config in configs}) == 1
    widths = [config.width for config in configs]
    assert widths == sorted(set(widths)) and all(width % HEAD_WIDTH == 0 for width in widths)
    assert all(config.width == HEAD_WIDTH * config.heads for config in configs if "attention" in config.mixers)


def test_right_answers_are_right_and_others_are_not() -> None:
    tasks = {task.name: task for task in make_tasks()}
    for ability in LANGUAGE_ABILITIES:
        example = examples_of(tasks[ability.name].view, 1, "test")[0]
        right, wrong = (Item(example, output, None) for output in (example.answer, "x"))
        assert ability.is_right(right) and ability.similarity(right) == 1, ability.name
        assert not ability.is_right(wrong) and ability.similarity(wrong) < 1, ability.name


def test_every_ability_is_told_in_both_languages(ladder: MixtureLadder) -> None:
    names = [ability.name for ability in (*CIRCUITS, *LANGUAGE_ABILITIES)]
    report = json.loads((ladder.folder / "report.json").read_text(encoding="utf-8"))
    english, chinese = (render(report, language=language) for language in LANGUAGES)
    for ability in LANGUAGE_ABILITIES:
        assert ability.doc in english and ability.doc not in chinese
        assert about(ability.name, ability.doc, words("zh")) in chinese
    assert all(language_of(about(name, "", words("zh"))) == "zh" for name in names)


def test_what_cannot_be_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="five tasks"):
        make_ladder("mixture", tasks=["copy"], out=tmp_path)
    with pytest.raises(UserError, match="--models transformer"):
        make(tmp_path, models=["transformer"])
    with pytest.raises(UserError, match="same hybrid network"):
        make(tmp_path, sizes=[5_000, 5_100])
    assert main(["emerge", "--engine", "cloud", "--out", str(tmp_path / "none")]) == 2
    assert "choose local or ray" in capsys.readouterr().err
