"""Every route keeps to the description of the API, whatever is sent to it."""

from __future__ import annotations

import pytest

from tests.serving.conftest import Log, listening

pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install upwell[dev]")


def test_every_answer_is_as_described(runs: list[str], readers: list[str], log: Log) -> None:
    from benchmarks.api_description import check_description

    with listening([*runs, *readers], log, max_tokens=8) as address:
        sent = check_description(address, examples=5)
    answered = {label.rpartition(" ")[0] for label in sent if label.endswith(" 200")}
    assert answered >= {"POST /v1/completions", "POST /v1/embeddings", "POST /v1/tasks/tag", "GET /metrics"}
