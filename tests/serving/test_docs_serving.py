"""The pages on serving say what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.report import read_result
from benchmarks.serving import PAGES, table

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_the_table_is_that_of_the_recorded_result(name: str) -> None:
    """After a new measurement: python -m benchmarks.serving --redraw."""
    assert table(read_result("serving")["figures"], zh=PAGES[name]) in (DOCS / name).read_text(encoding="utf-8")


def test_greedy_texts_of_the_engine_were_those_of_each_alone() -> None:
    assert all(row["same_greedy_texts"] == 1 for row in read_result("serving")["figures"]["models"])
