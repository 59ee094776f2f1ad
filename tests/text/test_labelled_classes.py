"""Texts with labels: what is understood of a file, what is left out, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from upwell.errors import UserError
from upwell.text.labelled import LabelledText, hold_out, read_classes, without_copies


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def lines(folder: Path, *rows: Any) -> Path:
    return written(folder, "rows.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def pairs(number: int, labels: str = "ab") -> list[dict[str, str]]:
    return [{"text": f"text {row}", "label": labels[row % len(labels)]} for row in range(number)]


def test_columns_are_found_by_name_and_said(tmp_path: Path) -> None:
    found = read_classes(written(tmp_path, "r.csv", 'id,Review,Sentiment\n1,good,pos\n2,"bad, very",neg\n'))
    assert found.rows == (LabelledText("good", ("pos",)), LabelledText("bad, very", ("neg",)))
    described = found.describe()
    assert described[0].endswith("r.csv: 2 texts with 2 labels")
    assert described[1] == "text: Review (by its name); label: Sentiment (by its name)"
    assert described[2] == "labels: neg 1, pos 1"


def test_columns_without_names_are_guessed(tmp_path: Path) -> None:
    content = "".join(f"{'NUM' if row % 2 else 'LOC'}\tfine {row % 5}\tWhat is number {row} ?\n" for row in range(20))
    found = read_classes(written(tmp_path, "t.tsv", content))
    assert [(column.role, column.name) for column in found.columns] == [("text", "3"), ("label", "1")]
    assert len(found) == 20 and found.labels == {"LOC": 10, "NUM": 10}
    assert list(read_classes(written(tmp_path, "t.tsv", content), label="2").labels) == [
        f"fine {row}" for row in range(5)
    ]


def test_a_label_that_is_a_usual_name_is_no_header(tmp_path: Path) -> None:
    found = read_classes(written(tmp_path, "t.tsv", "name\twho is it\ndate\twhen was it\nname\twho was that\n"))
    assert found.labels == {"name": 2, "date": 1}


def test_asked_columns_are_taken_and_an_unknown_one_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = lines(tmp_path, {"label": "x", "kind": "a", "body": "one"}, {"label": "x", "kind": "b", "body": "two"})
    assert read_classes(path, label="kind", text="body").labels == {"a": 1, "b": 1}
    with pytest.raises(
        UserError, match=r"no column 'kindd' for the label; it has: label, kind, body. Did you mean 'kind'\?"
    ):
        read_classes(path, label="kindd")


def test_rows_that_lack_something_are_left_out_and_counted(tmp_path: Path) -> None:
    path = lines(tmp_path, *pairs(4), {"text": "no label", "label": None}, {"text": " ", "label": "a"}, {"label": "b"})
    found = read_classes(path)
    assert len(found) == 4 and found.left_out == {"without a label": 1, "without a text": 2}
    assert found.describe()[-1] == "left out: 1 without a label, 2 without a text"


def test_rows_of_another_width_are_left_out(tmp_path: Path) -> None:
    found = read_classes(written(tmp_path, "t.tsv", "label\ttext\na\tone\nb\ttwo\ttoo much\nb\tthree\nc\n"))
    assert found.labels == {"a": 1, "b": 1} and found.left_out == {"rows of another width than the first": 2}


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (("😀", "😢"), {"😀", "😢"}),
        (("new york", "los angeles"), {"new york", "los angeles"}),
        ((1, 2), {"1", "2"}),
        ((1.0, 2), {"1", "2"}),
        ((0.5, 1.5), {"0.5", "1.5"}),
        ((True, False), {"true", "false"}),
    ],
)
def test_any_label_will_do(tmp_path: Path, labels: tuple[Any, Any], names: set[str]) -> None:
    path = lines(tmp_path, *({"text": f"text {row}", "label": labels[row % 2]} for row in range(6)))
    assert set(read_classes(path).labels) == names


def test_one_letter_typed_in_two_ways_is_one_label(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="every row has the label '\u00e9'"):
        read_classes(lines(tmp_path, {"text": "a", "label": "\u00e9"}, {"text": "b", "label": "e\u0301"}))


def test_labels_differing_in_blanks_are_one_and_in_case_are_told(tmp_path: Path) -> None:
    rows = [{"text": f"t{row}", "label": label} for row, label in enumerate((" a  b", "a b ", "A b", "c"))]
    found = read_classes(lines(tmp_path, *rows))
    assert found.labels == {"a b": 2, "A b": 1, "c": 1}
    assert found.remarks["labels that differ only in case"] == 2


def test_several_labels_a_text(tmp_path: Path) -> None:
    rows = [
        {"text": "one", "labels": ["x", "y", "x"]},
        {"text": "two", "labels": []},
        {"text": "three", "labels": ["y"]},
    ]
    assert [row.labels for row in read_classes(lines(tmp_path, *rows)).rows] == [("x", "y"), (), ("y",)]
    table = written(tmp_path, "t.csv", "text,label\none,x|y\ntwo,\nthree,y\n")
    assert [row.labels for row in read_classes(table, separator="|").rows] == [("x", "y"), (), ("y",)]


def test_lines_of_fasttext(tmp_path: Path) -> None:
    found = read_classes(written(tmp_path, "t.txt", "__label__a __label__b one two\n__label__b three\n"))
    assert found.rows == (LabelledText("one two", ("a", "b")), LabelledText("three", ("b",)))


def test_json_of_one_value(tmp_path: Path) -> None:
    assert len(read_classes(written(tmp_path, "t.json", json.dumps(pairs(4), indent=1)))) == 4
    assert len(read_classes(written(tmp_path, "t.json", json.dumps({"data": pairs(4)})))) == 4
    assert len(read_classes(written(tmp_path, "t.json", "\n".join(map(json.dumps, pairs(4)))))) == 4


def test_parquet(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(arrow.table({"text": ["one", "two", "three"], "label": [0, 1, None]}), tmp_path / "t.parquet")
    found = read_classes(tmp_path / "t.parquet")
    assert found.labels == {"0": 1, "1": 1} and found.left_out == {"without a label": 1}


def test_a_thousand_labels_and_a_huge_line(tmp_path: Path) -> None:
    rows = [{"text": f"text {row}", "label": f"label {row % 1000}"} for row in range(3000)]
    found = read_classes(lines(tmp_path, *rows, {"text": "word " * 1_000_000, "label": "label 0"}))
    assert len(found.labels) == 1000 and len(found.rows[-1].text) == 4_999_999
    assert found.describe()[2].endswith("and 990 more")


def test_copies_and_contradictions_are_counted_and_stay(tmp_path: Path) -> None:
    found = read_classes(
        lines(tmp_path, *pairs(4), {"text": "TEXT  0", "label": "a"}, {"text": "text 1", "label": "a"})
    )
    assert len(found) == 6
    assert found.describe()[-1] == "note: 1 copies of another row, 1 texts with more than one answer"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.jsonl", "", "is empty"),
        ("t.csv", "text,label\n", "holds no rows"),
        ("t.csv", "text,label\none,a\ntwo,a\n", "every row has the label 'a' in column 'label'"),
        ("t.csv", "text,label\none,\ntwo,\n", r"no row can be used \(2 without a label\)"),
        ("t.jsonl", b"\x89PNG\r\n\x1a\n\0\0", "is not a text but an image"),
        ("t.tsv", b"a\tb\0c\n", "binary"),
        ("t.csv", "text,label\ncaf\u00e9,a\n".encode("latin-1"), "byte 14 is not utf-8 .*--encoding"),
        ("t.txt", "Once upon a time\nthere was", "running text without labels"),
        ("t.json", '{"text": "one",', "is not sound JSON"),
        ("t.jsonl", '{"text": "one", "label"', "line 1 is not JSON"),
        ("t.jsonl", '"one"\n"two"\n', "line 1 is a str, not an object with columns"),
        (
            "t.jsonl",
            '{"text": "one"}\n{"text": "two"}\n',
            "no column looks like labels; name the one for the label; it has: text",
        ),
        ("t.csv", "text,label\n" + "".join(f"t{row},l{row}\n" for row in range(30)), "a label of its own"),
    ],
)
def test_what_can_not_be_used_is_refused_in_one_line(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    with pytest.raises(UserError, match=said) as error:
        read_classes(written(tmp_path, name, content))
    assert "\n" not in str(error.value) and name in str(error.value)


def test_a_part_is_held_out_label_by_label(tmp_path: Path) -> None:
    found = read_classes(lines(tmp_path, *pairs(90, "aaaaaaaab"), *pairs(200, "c")[90:]))
    train, valid = hold_out(found, seed=3)
    assert valid.labels == {"c": 11, "a": 8, "b": 1} and len(train) + len(valid) == 200
    again = hold_out(found.with_rows(found.rows[::-1]), seed=3)[1]
    assert set(again.rows) == set(valid.rows)
    assert set(hold_out(found, seed=4)[1].rows) != set(valid.rows)


def test_ten_rows_can_be_parted_and_two_equal_ones_not(tmp_path: Path) -> None:
    train, valid = hold_out(read_classes(lines(tmp_path, *pairs(10))))
    assert valid.labels == {"a": 1, "b": 1} and len(train) == 8
    one = read_classes(lines(tmp_path, {"text": "one", "label": "a"}, {"text": "One", "label": "b"}))
    with pytest.raises(UserError, match="a single row, so none can be held out"):
        hold_out(one)


def test_no_copy_of_a_training_row_is_held_out(tmp_path: Path) -> None:
    rows = [
        {"text": f"Text {row % 30}".swapcase() if row % 2 else f"Text {row % 30}", "label": "ab"[row % 3 > 0]}
        for row in range(120)
    ]
    train, valid = hold_out(read_classes(lines(tmp_path, *rows)))
    assert len(valid) and not {row.key for row in train.rows} & {row.key for row in valid.rows}
    kept = without_copies(read_classes(lines(tmp_path, *pairs(4), {"text": "new", "label": "b"})), train)
    assert [row.text for row in kept.rows] == ["new"] and list(kept.left_out.values()) == [4]
    with pytest.raises(UserError, match="every row is in .* as well"):
        without_copies(train, train)


def test_parts_of_a_folder_are_not_thrown_together(tmp_path: Path) -> None:
    for name in ("train.csv", "test.csv"):
        written(tmp_path, name, "text,label\none,a\ntwo,b\n")
    with pytest.raises(UserError, match=r"test.csv looks like a part for validation or test among others"):
        read_classes(tmp_path)
    written(tmp_path, "more.csv", "text,label\nthree,c\n")
    assert len(read_classes([tmp_path / "train.csv", tmp_path / "more.csv"])) == 3


def test_one_column_can_not_be_both(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="text and label are both column 'text'"):
        read_classes(lines(tmp_path, *pairs(4)), text="text", label="text")


def test_a_tenth_is_held_out_where_every_label_has_few_rows(tmp_path: Path) -> None:
    rows = [(f"word{label} {number}", f"class {label}") for label in range(100) for number in range(3)]
    train, valid = hold_out(read_classes(lines(tmp_path, *rows)))
    assert len(valid) == 30
    assert max(valid.labels.values()) == 1
    assert len(train.labels) == 100
