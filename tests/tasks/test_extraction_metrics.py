"""Scores of extracted answers: equal to the official scripts on recorded random sets, and cases counted by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from upwell.tasks.entity_metrics import Entity, entities, entity_measures
from upwell.tasks.extraction_metrics import (
    best_no_answer_threshold,
    cmrc_exact_match,
    cmrc_f1,
    cmrc_measures,
    cmrc_pieces,
    longest_common_run,
    squad_exact_match,
    squad_f1,
    squad_measures,
)

SETS: list[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[1] / "golden" / "answer_metrics.json").read_text(encoding="utf-8")
)["sets"]


def recorded(kind: str) -> list[dict[str, Any]]:
    return [one for one in SETS if one["kind"] == kind]


@pytest.mark.parametrize("kind", ["squad1", "squad2"])
def test_squad_is_that_of_the_official_scripts(kind: str) -> None:
    for one in recorded(kind):
        found = squad_measures(one["answers"], one["outputs"], version="1.1" if kind == "squad1" else "2.0")
        for name, measure in found.items():
            assert 100 * measure.value() == pytest.approx(one["expected"][name], abs=1e-9), name


def test_the_threshold_of_no_answer_is_that_of_the_official_script() -> None:
    for one in recorded("squad2"):
        scores = [squad_f1(right, said) for right, said in zip(one["answers"], one["outputs"], strict=True)]
        found = best_no_answer_threshold(
            scores, one["no_answer"], [bool(right) for right in one["answers"]], one["outputs"]
        )
        assert found == pytest.approx((one["expected"]["threshold"], one["expected"]["best_f1"] / 100))


def test_cmrc_is_that_of_its_script() -> None:
    pytest.importorskip("nltk", reason="the metric of CMRC 2018 needs nltk")
    for one in recorded("cmrc"):
        for name, measure in cmrc_measures(one["answers"], one["outputs"]).items():
            assert 100 * measure.value() == pytest.approx(one["expected"][name], abs=1e-9), name


def test_squad_by_hand() -> None:
    assert squad_exact_match(["Denver Broncos"], "the denver broncos.") == 1
    assert squad_f1(["Denver Broncos", "Broncos of Denver"], "Broncos") == pytest.approx(2 / 3)
    assert squad_exact_match([], "") == squad_f1([], "") == 1
    assert squad_exact_match([], "Denver") == squad_f1([], "Denver") == 0
    assert squad_f1(["the"], "a") == 1 and squad_f1(["the"], "a", version="1.1") == 0


def test_cmrc_by_hand() -> None:
    pytest.importorskip("nltk", reason="the metric of CMRC 2018 needs nltk")
    assert cmrc_pieces("《史记》是 Sima Qian 写的3卷书") == [
        "史",
        "记",
        "是",
        "sima",
        "qian",
        "写",
        "的",
        "3",
        "卷",
        "书",
    ]
    assert cmrc_exact_match(["《史记》"], "史记") == 1 and cmrc_exact_match([], "") == 1
    assert cmrc_f1(["北京大学"], "在北京") == pytest.approx(2 * 2 / (4 + 3))
    assert cmrc_f1(["北京大学"], "上海") == 0 and cmrc_f1([], "上海") == 0 and cmrc_f1([], "") == 1
    assert longest_common_run("abcd", "xbcab") == 2


def test_measures_of_questions_have_intervals() -> None:
    figure = squad_measures([["a cat"], ["a dog"], ["fish"]] * 20, ["cat", "dog", "bird"] * 20)[
        "exact_match"
    ].interval()
    assert figure.low < figure.value < figure.high and figure.value == pytest.approx(2 / 3)


def test_entities_are_those_of_seqeval() -> None:
    for one in recorded("entities"):
        found = entity_measures(one["tags"], one["guesses"])
        expected = one["expected"]
        assert {name: found[name].value() for name in ("precision", "recall", "f1")} == pytest.approx(
            {name: expected[name] for name in ("precision", "recall", "f1")}
        )
        each = [measure.value() for name, measure in found.items() if name.startswith("f1_")]
        assert each == pytest.approx(expected["each"])


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("B-X I-X O B-Y", [("X", 0, 2), ("Y", 3, 4)]),
        ("I-X I-X B-X I-Y", [("X", 0, 2), ("X", 2, 3), ("Y", 3, 4)]),
        ("B-X E-X S-Y", [("X", 0, 2), ("Y", 2, 3)]),
        ("B-X L-X U-X I-X", [("X", 0, 2), ("X", 2, 3), ("X", 3, 4)]),
        ("O O", []),
        ("", []),
    ],
)
def test_entities_by_hand(tags: str, found: list[tuple[str, int, int]]) -> None:
    assert entities(tags.split()) == [Entity(*one) for one in found]


def test_figures_of_entities_without_any() -> None:
    assert {name: one.value() for name, one in entity_measures([["O"]], [["O"]]).items()} == {
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
    }
