"""Whatever a file holds, labelled data are read from it or it is refused in one line; never anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from upwell.errors import UserError
from upwell.text.labelled import hold_out, read_classes, read_questions, read_summaries, read_tags

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.floats(),
    st.sampled_from(
        ["", " ", "a", "b", "A passage of text.", "passage", "?", "O", "B-X", "\ud800", "__label__a", "1 a\tb"]
    ),
)
VALUES = st.recursive(
    CELLS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["text", "answer_start", "label", "question", "answers"]), inner, max_size=3),
    ),
    max_leaves=6,
)
NAMES = "text label labels context question answers answer choices qas paragraphs data tokens tags is_impossible document summary".split()
ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6), max_size=6)
READERS = pytest.mark.parametrize("read", [read_classes, read_questions, read_tags, read_summaries])
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def outcome(read: Callable[[Path], Any], path: Path) -> None:
    refused = ""
    try:
        found = read(path)
        assert len(found) and all("\n" not in line for line in found.describe())
        train, valid = hold_out(found)
        assert len(train) + len(valid) == len(found) and len(valid)
    except UserError as error:
        refused = str(error)
    assert "\n" not in refused


@READERS
@FUZZ
@given(rows=ROWS, name=st.sampled_from(["t.jsonl", "t.json"]))
def test_any_objects(read: Callable[[Path], Any], rows: list[Any], name: str, tmp_path: Path) -> None:
    lines = [json.dumps(row) for row in rows]
    (tmp_path / name).write_text("\n".join(lines) if name == "t.jsonl" else f"[{', '.join(lines)}]", encoding="utf-8")
    outcome(read, tmp_path / name)


@READERS
@FUZZ
@given(
    content=st.one_of(
        st.binary(max_size=60),
        st.text(alphabet='ab\t\n,;"1 ?_BIO-#{}[]:北', max_size=120).map(lambda text: text.encode("utf-8")),
    ),
    name=st.sampled_from(["t.csv", "t.tsv", "t.txt", "t.json", "t.jsonl", "t.conllu"]),
)
def test_any_bytes(read: Callable[[Path], Any], content: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    outcome(read, tmp_path / name)
