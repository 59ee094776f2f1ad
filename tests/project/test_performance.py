"""The pages of performance say what was measured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import model_tables, text_tables
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
    "preparing": {
        "beside": {
            "repair": {"megabytes_per_second": 20.0, "bare_megabytes_per_second": 5.0},
            "quality": {"megabytes_per_second": 30.0},
            "tokens": {"megabytes_per_second": 2.0, "bare_megabytes_per_second": 2.1},
        },
        "equal_after_kill": True,
        "equal_on_one_process": True,
        **{
            kind: {"ours": 0.1, "megabytes": 1000.0, "megabytes_per_second": 8.0, "peak_memory_megabytes": 900.0}
            for kind in ("without_tokens", "all_steps", "one_line", "one_process")
        },
    },
    "cleaning_worth": {
        "bits_per_byte": {"dirty": [2.1, 2.2], "prepared": [2.0, 2.0]},
        "prepared_less_dirty": {"mean": -0.1, "low": -0.2, "high": 0.0},
    },
    "vectors_gain": {
        "cls-en-trec": {"arms": {"GloVe": {"accuracy": [0.8], "gain_in_points": {"mean": 1, "low": 0, "high": 2}}}}
    },
    "decoding": {
        "models": [
            {
                "model": "gru",
                "size": "3m",
                "seconds": {
                    name: {"median_s": 1e-4}
                    for name in (
                        "torch_lstm_bfloat16",
                        *model_tables.PRECISIONS,
                        *(f"{p}_limit" for p in model_tables.PRECISIONS),
                    )
                },
                "texts": {
                    name: {"one_tokens_per_second": 1e4, "many_tokens_per_second": 5e4}
                    for name in model_tables.PRECISIONS
                },
            }
        ],
        "llama": {"transformers_bf16": {"prefill_s": 0.3, "step_s": 0.03}, "int8_limit": {"step_s": 0.002}},
        "memory": {"tokens": 1000, "early_bytes": 10, "late_bytes": 10},
        "first_token": {"generate": {"median_s": 1.8}, "import_torch": {"median_s": 1.2}},
    },
    "precisions": {
        "runs": {
            "world 30k": {
                "fp32": {"bits_per_byte": 1.0, "scorecard": {"generation": {"distinct_2": {"value": 0.9}}}},
                "int4": {"bits_per_byte": 1.1, "scorecard": {}, "lost": ["generation distinct_2 0.900 to 0.800"]},
            }
        }
    },
    "classification": {
        "mean_difference": 0.5,
        "sets": {
            "cls-en-trec": {
                "accuracy": [0.9, 0.91],
                "seconds": [30.0],
                "better_peer": "fastText",
                "peers": {"fastText": 0.89},
                "difference": {"value": 1.5, "low": 0.1, "high": 2.0},
            }
        },
    },
    "word_level": {"rows": [{"minutes": 5.0, "test_perplexity": 120.0}], "published": {"AWD-LSTM": 57.3}},
}


ALL = {**TABLES, **text_tables.TABLES, **model_tables.LABELLED}


@pytest.mark.parametrize("zh", [False, True])
@pytest.mark.parametrize("name", ALL)
def test_every_table_is_whole(name: str, zh: bool) -> None:
    lines = [line for line in ALL[name](PARTS[name], zh) if line.startswith("|")]
    assert len(lines) >= 3
    assert {line.count("|") for line in lines[:3]} == {lines[0].count("|")}


@pytest.mark.parametrize(("name", "zh", "tables"), PAGES)
def test_the_pages_hold_what_was_measured(name: str, zh: bool, tables: Any) -> None:
    page = (ROOT / name).read_text(encoding="utf-8")
    assert fill(page, ROOT / "docs" / "results", zh, tables) == page
    marks = [mark for mark in re.findall(r"<!-- (\w+) -->", page) if mark != "rules"]
    assert marks == list(tables)
