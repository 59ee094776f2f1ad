"""Readings of characters, and the forms that poems agree in."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.poems import TUNES, poem, poems
from upwell.errors import UserError
from upwell.text.verse import forms_from_json, forms_to_json, learn_forms, reading_of
from upwell.text.verse.forms import cut_lines
from upwell.text.verse.readings import EITHER, LEVEL, OBLIQUE, RHYMES

pytest.importorskip("pypinyin", reason='pypinyin is not installed: pip install "upwell[tasks]"')

SONG_CI = Path(__file__).resolve().parents[3] / "shared" / "data" / "lm-zh-songci" / "train.tsv"


@pytest.mark.parametrize(
    ("characters", "rhyme"),
    [
        ("家花", "麻"),
        ("歌多", "波"),
        ("月别夜", "皆"),
        ("来怀", "开"),
        ("水飞归", "微"),
        ("高桥", "豪"),
        ("楼秋", "尤"),
        ("山烟远泉", "寒"),
        ("春云心人", "文"),
        ("香光阳", "唐"),
        ("风声明东雄翁", "庚"),
        ("西儿雨去绿", "齐"),
        ("诗日子", "支"),
        ("路无珠", "姑"),
    ],
)
def test_characters_stand_in_their_classes_of_the_new_rhymes(characters: str, rhyme: str) -> None:
    assert {reading_of(character).rhyme for character in characters} == {rhyme}  # type: ignore[union-attr]
    assert rhyme in RHYMES and len(RHYMES) == 14


def test_tones_are_level_oblique_or_neutral() -> None:
    found = {character: reading.tone for character in "天来好去了" if (reading := reading_of(character))}
    assert found == {"天": LEVEL, "来": LEVEL, "好": OBLIQUE, "去": OBLIQUE, "了": EITHER}
    assert reading_of("a") is None and reading_of("，") is None and reading_of("天地") is None


def test_lines_are_cut_at_whatever_is_no_character() -> None:
    assert cut_lines("红楼，梦。\n园子！") == [("红楼", "，"), ("梦", "。\n"), ("园子", "！")]
    assert cut_lines("“红楼”") is None and cut_lines("") is None


def test_a_form_has_the_lines_rhymes_and_tones_that_its_poems_share() -> None:
    forms = learn_forms((tune, text) for tune, _, text in poems(60))
    assert tuple(forms) == TUNES
    first, second = forms.values()
    assert [(line.length, line.mark, line.rhyme) for line in first.lines] == [
        (5, "。", 0),
        (5, "。", 0),
        (5, "，", None),
        (5, "。", 0),
    ]
    assert [line.tones for line in first.lines] == ["仄仄仄平平", "平平仄仄平", "平平平仄仄", "仄仄仄平平"]
    assert [line.rhyme for line in second.lines] == [None, 0, None, 0, None, 1, None, 1]
    assert first.share == 1 and first.num_poems == 30 and first.num_characters == 24
    assert first.describe() == "5。5。5，5。 (30 of 30 poems, 100%); lines that rhyme: 1 2 4"


def test_the_most_frequent_form_counts_and_too_few_poems_have_none() -> None:
    rng = random.Random(1)
    texts = [(TUNES[0], poem(TUNES[0], rng)) for _ in range(12)]
    others = [(TUNES[0], text[:-1] + "？") for _, text in texts[:4]]
    forms = learn_forms([*texts, *others, ("少", "红楼。"), ("无", "no verse")])
    assert list(forms) == [TUNES[0]]
    assert (forms[TUNES[0]].num_poems, forms[TUNES[0]].share) == (12, 0.75)


def test_forms_come_back_from_json_and_damage_is_named() -> None:
    forms = learn_forms((tune, text) for tune, _, text in poems(40))
    values = json.loads(json.dumps(forms_to_json(forms)))
    assert forms_from_json(values, where="run") == forms
    for damage in (
        [],
        {"a": {}},
        {"a": {"lines": [], "num_poems": 1, "share": 1}},
        {"a": {"lines": [[2, "。", 0, "平"]], "num_poems": 5, "share": 1.0}},
        {"a": {"lines": [[2, "天", 0, "平平"]], "num_poems": 5, "share": 1.0}},
        {"a": {"lines": [["2", "。", 0, "平平"]], "num_poems": 5, "share": 1.0}},
    ):
        with pytest.raises(UserError, match="run"):
            forms_from_json(damage, where="run")


@pytest.mark.skipif(not SONG_CI.exists(), reason="the data sets in ../shared/data are not here")
def test_the_forms_of_song_ci_are_those_of_the_books() -> None:
    rows = [line.split("\t") for line in SONG_CI.read_text(encoding="utf-8").splitlines()]
    forms = learn_forms((tune, text) for tune, _, text in rows)
    assert forms["浣溪沙"].describe() == "7。7。7。7，7。7。 (146 of 149 poems, 98%); lines that rhyme: 1 2 3 5 6"
    assert [line.tones for line in forms["浣溪沙"].lines[:3]] == ["中仄平平中仄平", "中平中仄仄平平", "中平平仄仄平平"]
    assert forms["菩萨蛮"].describe().endswith("lines that rhyme: 1 2; 3 4; 5 6; 7 8")
    assert forms["西江月"].describe().endswith("lines that rhyme: 2 3 4 6 7 8")
