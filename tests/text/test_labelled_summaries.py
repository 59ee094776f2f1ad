"""Documents with summaries: what is understood of a file, what is left out, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from upwell.errors import UserError
from upwell.text.labelled import SummarizedText, hold_out, read_summaries, without_copies

LONG = "It rained all day. Nobody came to the park. Anna sold the boat."


def lines(folder: Path, *rows: Any) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_columns_are_found_by_name_and_said(tmp_path: Path) -> None:
    found = read_summaries(lines(tmp_path, {"id": 1, "document": LONG, "summary": "A boat was sold."}))
    assert found.rows == (SummarizedText(LONG, ("A boat was sold.",)),)
    assert found.describe()[0].endswith("rows.jsonl: 1 document")
    assert found.describe()[1] == "document: document (by its name); summary: summary (by its name)"


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (("article", "highlights"), ("article", "highlights")),
        (("article", "abstract"), ("article", "abstract")),
        (("abstract", "title"), ("abstract", "title")),
        (("dialogue", "summary", "topic"), ("dialogue", "summary")),
        (("正文", "标题"), ("正文", "标题")),
        (("what", "tldr"), ("what", "tldr")),
    ],
)
def test_other_usual_names_are_known(names: tuple[str, ...], wanted: tuple[str, str], tmp_path: Path) -> None:
    row = dict(zip(names, (LONG, "A boat.", "boats"), strict=False))
    found = read_summaries(lines(tmp_path, row))
    assert tuple(column.name for column in found.columns) == wanted
    assert found.rows[0].document == LONG and found.rows[0].summaries == ("A boat.",)


def test_columns_without_names_are_told_by_their_lengths(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("".join(f"{n}\tboat {n}\t{LONG} {n}\n" for n in range(5)), encoding="utf-8")
    found = read_summaries(tmp_path / "t.tsv")
    assert [column.name for column in found.columns] == ["3", "2"]
    assert found.rows[3] == SummarizedText(f"{LONG} 3", ("boat 3",))


def test_of_several_summaries_all_are_kept_and_the_first_stays_first(tmp_path: Path) -> None:
    found = read_summaries(lines(tmp_path, {"document": LONG, "summaries": ["Rain.", " A boat. ", "Rain.", ""]}))
    assert found.rows[0].summaries == ("Rain.", "A boat.")


def test_rows_without_either_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [{"text": LONG, "summary": "A boat."}, {"text": "", "summary": "x"}, {"text": LONG, "summary": []}]
    rows += [{"text": "Rain.", "summary": "It rained all day."}, {"text": LONG, "summary": "A boat."}]
    said = "; ".join(read_summaries(lines(tmp_path, *rows)).describe())
    assert "left out: 1 without a document, 1 without a summary" in said
    assert "1 copies of another row" in said and "1 summaries no shorter than their document" in said


def test_no_document_is_on_both_sides(tmp_path: Path) -> None:
    rows = [{"text": f"{LONG} {n % 10}", "summary": f"A boat {n}."} for n in range(40)]
    data = read_summaries(lines(tmp_path, *rows))
    train, valid = hold_out(data)
    assert not {row.key for row in train.rows} & {row.key for row in valid.rows} and len(valid) == 4
    with pytest.raises(UserError, match="every row is in"):
        without_copies(valid, data)


@pytest.mark.parametrize(
    ("row", "asked", "said"),
    [
        ({"a": "one", "b": 2}, {}, "no column looks like summaries"),
        ({"text": LONG}, {}, "no column looks like summaries"),
        ({"text": "x", "summary": LONG}, {}, "no summary is shorter than its document"),
        ({"text": LONG, "summary": "x"}, {"summary": "sumary"}, "Did you mean 'summary'"),
        ({"text": LONG, "summary": "x"}, {"summary": "text", "document": "text"}, "name two different ones"),
        ({"text": LONG, "summary": None}, {}, "no row can be used"),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(row: Any, asked: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said) as refused:
        read_summaries(lines(tmp_path, row), **asked)
    assert "\n" not in str(refused.value)


def test_a_column_that_is_asked_for_is_not_taken_twice(tmp_path: Path) -> None:
    found = read_summaries(lines(tmp_path, {"text": "A boat.", "body": LONG}), summary="text")
    assert [column.name for column in found.columns] == ["body", "text"]
