"""The pages of performance say what was measured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks.performance import PAGES, TABLES, fill

ROOT = Path(__file__).resolve().parents[2]
RUN = {"seconds": 2.5, "valid_loss": 1.88, "loss": 1.88, "tokens_per_second": 1000, "peak_bytes": 2e8}
PARTS: dict[str, dict[str, Any]] = {
    "time_to_loss": {"rounds": [{"peer": {"seconds_of_steps": 60.0, "loss": 1.89}, "ours": [RUN], "ratio": 24.0}]},
    "three_minutes": {"runs": [{**RUN, "family": "gru", "parameters": {"total": 5_000}}] * 2},
    "beside_keras": {"keras": {"seconds": 900.0, "loss": 3.0}, "ours": [RUN], "ratio": 360.0},
    "step_share": {
        "rows": [
            {"family": "gru", "width": 64, "tokens_per_second": 1000, "peak_share": 0.5, "peak_share_with_muon": 0.6}
        ]
    },
    "beside_trainer": {"sides": {"upwell": [RUN], "trainer": [RUN], "trainer bf16": [RUN]}},
    "small_runs": {
        "runs": 40,
        "ratio": 3.5,
        "ratio_low": 3.0,
        "ratio_high": 4.0,
        "families": [{"family": "gru", "loss": 1.0, "plain_loss": 1.0, "plain_seconds_over_ours": 3.5}],
    },
    "memory": {
        "by_size": [{**RUN, "family": "gru", "size": "1m", "planned_bytes": 3e8}],
        "by_text": [{**RUN, "bytes": 1_000_000}],
    },
    "word_level": {"rows": [{"minutes": 5.0, "test_perplexity": 120.0}], "published": {"AWD-LSTM": 57.3}},
}


@pytest.mark.parametrize("zh", [False, True])
@pytest.mark.parametrize("name", list(TABLES))
def test_every_table_is_whole(name: str, zh: bool) -> None:
    lines = [line for line in TABLES[name](PARTS[name], zh) if line.startswith("|")]
    assert len(lines) >= 3
    assert {line.count("|") for line in lines[:3]} == {lines[0].count("|")}


@pytest.mark.parametrize("language", list(PAGES))
def test_the_pages_hold_what_was_measured(language: str) -> None:
    page = (ROOT / PAGES[language]).read_text(encoding="utf-8")
    assert fill(page, ROOT / "docs" / "results", language == "zh") == page


def test_both_pages_have_all_tables() -> None:
    for name in PAGES.values():
        marks = re.findall(r"<!-- (\w+) -->", (ROOT / name).read_text(encoding="utf-8"))
        assert marks == list(TABLES)
