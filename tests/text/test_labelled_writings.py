"""Texts with prompts: which columns are taken for what, what is left out, what is held out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from upwell.errors import UserError
from upwell.text.labelled import WrittenText, hold_out, read_writings, without_copies

ROWS = [("spring rain", "Anna", "It rained all night and the river rose."), ("snow", "Tom", "White fields, no sound.")]


def table(folder: Path, header: str, rows: list[tuple[str, ...]], name: str = "rows.tsv") -> Path:
    path = folder / name
    lines = ["\t".join(row) for row in rows]
    path.write_text("\n".join([*([header] if header else []), *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("header", "roles"),
    [
        ("title\tauthor\ttext", ["title", "author", "text"]),
        ("词牌\t作者\t正文", ["tune", "作者", "text"]),
        ("", ["prompt", "prompt_2", "text"]),
    ],
)
def test_columns_are_known_by_their_names_or_the_text_by_its_length(
    header: str, roles: list[str], tmp_path: Path
) -> None:
    found = read_writings(table(tmp_path, header, ROWS))
    assert [column.role for column in found.columns] == roles
    assert found.rows[0] == WrittenText(ROWS[0][:2], ROWS[0][2])


def test_columns_can_be_named_in_any_order_and_as_wanted(tmp_path: Path) -> None:
    found = read_writings(table(tmp_path, "", ROWS), columns={"text": "3", "poet": "2"})
    assert [(column.role, column.name) for column in found.columns] == [("poet", "2"), ("text", "3")]
    assert found.rows[1].prompts == ("Tom",)


def test_json_lines_with_prompt_and_completion(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"prompt": "a  title\nof two lines " * 4, "completion": "a text"}, {"prompt": "b", "completion": None}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = read_writings(path)
    assert found.rows == (WrittenText((" ".join(["a title of two lines"] * 4),), "a text"),)
    assert found.left_out == {"without a text": 1}


def test_rows_without_prompts_are_left_out_and_copies_counted(tmp_path: Path) -> None:
    rows = [*ROWS, ROWS[0], ("other", "", ROWS[0][2]), ("", "", "no prompt")]
    found = read_writings(table(tmp_path, "title\tauthor\ttext", rows))
    assert len(found) == 4 and found.left_out == {"without a prompt": 1}
    assert found.remarks == {"copies of another row": 1, "texts with several prompts": 1}
    assert found.rows[3].prompts == ("other", "")


def test_a_text_is_on_one_side_whatever_it_was_given_for(tmp_path: Path) -> None:
    rows = [(f"title {i}", "", f"text number {i % 30}") for i in range(60)]
    found = read_writings(table(tmp_path, "title\tauthor\ttext", rows))
    train, valid = hold_out(found, share=0.2)
    assert len(valid) == 12 and not {row.text for row in train.rows} & {row.text for row in valid.rows}
    with pytest.raises(UserError, match="can't measure"):
        without_copies(valid, found)


@pytest.mark.parametrize(
    ("header", "columns", "said"),
    [
        ("a b c\tscore\ttext", {}, "no column looks like a prompt"),
        ("title\tauthor\ttext", {"text": "poem"}, "no column 'poem' for the text"),
        ("title\tauthor\ttext", {"tune": "titel"}, "Did you mean 'title'"),
        ("title\tauthor\ttext", {"tune": "text"}, "both the text and tune"),
    ],
)
def test_what_cannot_be_used_is_told(header: str, columns: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        read_writings(table(tmp_path, header, ROWS), columns=columns)
