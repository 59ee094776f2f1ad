"""The pages on serving say what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import serving_load, startup
from benchmarks.report import read_result
from benchmarks.serving import PAGES, table

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_the_table_is_that_of_the_recorded_result(name: str) -> None:
    """After a new measurement: python -m benchmarks.serving --redraw."""
    assert table(read_result("serving")["figures"], zh=PAGES[name]) in (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_the_tables_of_load_and_start_are_those_of_the_recorded_results(name: str) -> None:
    """After a new measurement: python -m benchmarks.serving_load --redraw, python -m benchmarks.startup --redraw."""
    for result, draw in (("serving_load", serving_load.table), ("startup", startup.table)):
        assert draw(read_result(result)["figures"], zh=PAGES[name]) in (DOCS / name).read_text(encoding="utf-8")


def test_nothing_was_wrong_under_load() -> None:
    figures = read_result("serving_load")["figures"]
    assert figures["different_texts"] > 90
    for name in ("crowd", "few", "slow_clients", "long_bodies"):
        assert figures[name]["wrong"] == 0 and figures[name]["texts"] > 100
    assert figures["crowd"]["clients"] == 64 and figures["crowd"]["seconds"] >= 300
    assert figures["aborts"]["aborted"] == 10_000 and figures["aborts"]["places_lost"] == 0
    assert figures["stop"]["lost"] == figures["stop"]["exit_code"] == figures["long_bodies"]["not_refused"] == 0


def test_a_server_answers_a_second_after_torch_is_loaded() -> None:
    assert read_result("startup")["figures"]["serve_over_torch"]["median_s"] < 1


def test_greedy_texts_of_the_engine_were_those_of_each_alone() -> None:
    assert all(row["same_greedy_texts"] == 1 for row in read_result("serving")["figures"]["models"])
