"""Sources with their targets: what is understood of a file, which script its Chinese is in, what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from upwell.errors import UserError
from upwell.text import scripts
from upwell.text.labelled import Pair, PairRoles, hold_out, pairs_of, read_pairs, without_copies

SUMMARIES = PairRoles("document", "summary", ("document", "text"), ("summary", "summaries"))


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def lines(folder: Path, *rows: Any) -> Path:
    return written(folder, "rows.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def columns(found: Any) -> list[tuple[str, str]]:
    return [(column.role, column.name) for column in found.columns]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("id\tsource\ttarget", ("source", "target")),
        ("id\ttgt\tsrc", ("src", "tgt")),
        ("id\ten\tzh-CN", ("en", "zh-CN")),
        ("id\ten\ttranslation", ("en", "translation")),
    ],
)
def test_columns_are_found_by_name(tmp_path: Path, header: str, names: tuple[str, str]) -> None:
    found = read_pairs(written(tmp_path, "p.tsv", f"{header}\n1\tA cat.\t一只猫。\n2\tA dog.\t一只狗。\n"))
    assert columns(found) == [("source", names[0]), ("target", names[1])]
    assert len(found) == 2
    assert found.describe()[0].endswith("p.tsv: 2 pairs")


def test_columns_without_names_are_the_first_two(tmp_path: Path) -> None:
    found = read_pairs(written(tmp_path, "p.tsv", "Hi there.\t你好。\tCC-BY\nGo away!\t走开！\tCC-BY\n"))
    assert found.rows == (Pair("Hi there.", "你好。"), Pair("Go away!", "走开！"))
    assert found.describe()[1] == "source: 1 (by its place); target: 2 (by its place)"


def test_asked_columns_are_taken_and_a_missing_one_is_refused(tmp_path: Path) -> None:
    path = lines(tmp_path, *({"a": f"one {i}", "b": f"eins {i}", "c": "x"} for i in range(3)))
    assert columns(read_pairs(path, columns={"source": "b", "target": "a"})) == [("source", "b"), ("target", "a")]
    with pytest.raises(UserError, match="no column looks like sources; name the one for the source; it has: a, b, c"):
        read_pairs(path)
    with pytest.raises(UserError, match="no column 'd' for the target"):
        read_pairs(path, columns={"source": "a", "target": "d"})


def test_roles_have_the_names_of_their_task(tmp_path: Path) -> None:
    rows = [{"id": "1", "document": "Long text.", "summaries": ["Short.", "Text."]}, {"id": "2", "document": "More."}]
    found = read_pairs(lines(tmp_path, *rows), SUMMARIES)
    assert found.rows == (Pair("Long text.", "Short."), Pair("Long text.", "Text."))
    assert found.describe()[-2:] == [
        "left out: 1 without a summary",
        "note: 1 sources with more than one target",
    ]
    assert columns(read_pairs(lines(tmp_path, *rows), SUMMARIES, columns={"document": "id"}))[0] == ("document", "id")


def test_both_texts_may_stand_under_one_name(tmp_path: Path) -> None:
    rows = [{"translation": {"de": f"Hund {i}", "en": f"dog {i}"}} for i in range(2)]
    assert read_pairs(lines(tmp_path, *rows)).rows[1] == Pair("Hund 1", "dog 1")


def test_copies_are_dropped_and_no_source_is_in_both_parts(tmp_path: Path) -> None:
    rows = [(f"Sentence {i % 30}.", f"Satz {i % 30} {i % 2 if i % 30 < 9 else 0}") for i in range(60)]
    found = pairs_of(*zip(*rows, strict=True))
    assert len(found) == 30
    assert found.left_out == {"copies of another pair": 30}
    twice = pairs_of(*zip(*[*rows, *((source, f"{target}!") for source, target in rows)], strict=True))
    train, valid = hold_out(twice)
    assert len(train) + len(valid) == 60
    assert not {row.key for row in train.rows} & {row.key for row in valid.rows}
    with pytest.raises(UserError, match="every row is in"):
        without_copies(valid, twice)


def test_nothing_to_learn_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no row can be used"):
        read_pairs(written(tmp_path, "p.tsv", "source\ttarget\n\ta\nb\t\n"))
    with pytest.raises(UserError, match="running text"):
        read_pairs(written(tmp_path, "p.txt", "A text without columns.\n"))


MIXED = ["汤姆喜欢这个电影。", "湯姆喜歡這個電影。"]
SOURCES = ["Tom likes this film.", "Tom likes the film."]


def test_scripts_are_told_apart_by_the_characters_that_one_of_them_alone_has() -> None:
    assert scripts.count_scripts([*MIXED, "Tom", "你好", "湯汤"]) == {"simplified": 2, "traditional": 2, "kana": 0}
    assert scripts.is_mixed(MIXED)
    assert not scripts.is_mixed([*["汤姆喜欢这个电影。"] * 200, "湯姆"])
    assert not scripts.is_mixed(["日本の学校", "気を付けて", "映画を見る", "湯", "汤"])


def test_targets_in_both_scripts_are_brought_to_the_simplified_one() -> None:
    pytest.importorskip("opencc")
    found = pairs_of(SOURCES, MIXED)
    assert [row.target for row in found.rows] == [MIXED[0]] * 2
    assert found.script == "simplified"
    assert found.remarks["pairs whose Chinese was brought to the simplified script"] == 1
    assert [row.source for row in pairs_of(MIXED, SOURCES).rows] == [MIXED[0]] * 2
    assert pairs_of(SOURCES[:1], MIXED[1:]).rows[0].target == MIXED[1]  # one script alone stays
    assert [row.target for row in pairs_of(SOURCES, MIXED, script="traditional").rows] == [MIXED[1]] * 2


def test_scripts_are_kept_where_asked_and_where_nothing_can_convert_them(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = pairs_of(SOURCES, MIXED, script="keep")
    assert [row.target for row in kept.rows] == MIXED
    assert kept.script == "keep"
    monkeypatch.setattr("upwell.text.scripts.find_spec", lambda name: None)
    found = pairs_of(SOURCES, MIXED)
    assert [row.target for row in found.rows] == MIXED
    assert any('pip install "upwell[text]"' in line for line in found.describe())
    with pytest.raises(UserError, match=r"--script simplified: needs OpenCC: pip install"):
        pairs_of(SOURCES, MIXED, script="simplified")
    with pytest.raises(UserError, match="choose simplified, traditional, keep"):
        pairs_of(SOURCES, MIXED, script="cursive")


def test_lists_of_unequal_lengths_are_no_pairs() -> None:
    sources: Sequence[str] = ["a", "b"]
    with pytest.raises(ValueError):
        pairs_of(sources, ["c"])
