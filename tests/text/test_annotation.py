"""Words, sentences, stems, lemmas and parts of speech beside a text."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.errors import UserError
from upwell.text.cleaning import PrepareOptions
from upwell.text.cleaning.annotation import Annotation
from upwell.text.cleaning.options import COLUMNS
from upwell.text.cleaning.preparation import prepare
from upwell.text.corpus import prepared_corpus
from upwell.text.prepared import Prepared
from upwell.text.words import HAN

ALL = Annotation(COLUMNS)


def _columns(text: str, language: str, *columns: str) -> dict[str, list[str]]:
    return Annotation(columns).columns(text, language, Counter())


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("She can't e-mail 3.14 naïve U.S. cafés!", "en", ["She", "can't", "e", "mail", "3.14", "naïve", "U.S", "cafés"]),
        ("a_b __init__ _ 1,000.5 — … 👩‍👧", "en", ["a_b", "__init__", "1,000.5"]),
        ("我们喜欢听音乐，OK？", "zh", ["我们", "喜欢", "听", "音乐", "OK"]),
        ("我们学한국어和カタカナ", "zh", ["我们", "学", "한국어", "和", "カタカナ"]),
        ("我们喜欢听音乐", "", ["我们", "喜欢", "听", "音乐"]),  # nobody has looked, and nothing speaks for Japanese
        ("音楽がスキ", "und", ["音", "楽", "が", "スキ"]),
        ("العَرَبِيَّة لغة", "ar", ["العَرَبِيَّة", "لغة"]),
        ("क्षि हिन्दी", "hi", ["क्षि", "हिन्दी"]),
        ("e\u0301te\u0301 x", "fr", ["e\u0301te\u0301", "x"]),
        ("", "en", []),
    ],
)  # fmt: skip
def test_words_are_unicodes_or_jiebas(text: str, language: str, words: list[str]) -> None:
    assert _columns(text, language, "words") == {"words": words}


def test_sentences_end_at_marks_and_lines() -> None:
    found = _columns('Dr. Smith went home. He said: "Go!"\n\n  A title\nand more', "en", "sentences")
    assert found == {"sentences": ["Dr. Smith went home.", 'He said: "Go!"', "A title", "and more"]}
    assert _columns("你好。我是谁？走吧！", "zh", "sentences") == {"sentences": ["你好。", "我是谁？", "走吧！"]}


def test_stems_and_lemmas_stand_beside_the_words() -> None:
    found = _columns("The Mice were running", "en", "lemmas", "stems")
    assert list(found) == ["words", "stems", "lemmas"]
    assert found["stems"] == ["the", "mice", "were", "run"]
    assert found["lemmas"][1:] == ["mouse", "be", "run"]
    assert _columns("Die Häuser", "de", "stems", "lemmas") == {
        "words": ["Die", "Häuser"],
        "stems": ["die", "haus"],
        "lemmas": ["der", "Haus"],
    }


def test_parts_of_speech_are_those_of_chinese() -> None:
    found = _columns("他来到了北京大学，don't 2023年", "zh", "tags")
    assert _columns("学한국어", "zh", "tags")["words"] == ["学", "한국어"]
    assert dict(zip(found["words"], found["tags"], strict=True)) == {
        "他": "r", "来到": "v", "了": "ul", "北京大学": "nt", "don't": "eng", "2023": "m", "年": "m",
    }  # fmt: skip


def test_what_a_language_lacks_is_left_out_and_counted() -> None:
    counts: Counter[str] = Counter()
    assert list(ALL.columns("我们喜欢音乐。", "zh", counts)) == ["words", "sentences", "tags"]
    assert list(ALL.columns("We like it.", "en", counts)) == ["words", "sentences", "stems", "lemmas"]
    assert counts == {"words": 6, "sentences": 2, "without stems": 1, "without lemmas": 1, "without tags": 1}


@given(st.text(max_size=60), st.sampled_from(["en", "zh", "ja", "th", "und", ""]))
@settings(max_examples=150, deadline=None)
def test_columns_of_any_text_come_from_it(text: str, language: str) -> None:
    text = text.encode("utf-8", "ignore").decode("utf-8")
    found = ALL.columns(text, language, Counter())
    place = 0
    for word in found["words"]:
        place = text.index(word, place) + len(word)
        assert regex.search(rf"[\p{{L}}\p{{N}}{HAN}]", word)
    place = 0
    for sentence in found["sentences"]:
        assert sentence == sentence.strip() != ""
        place = text.index(sentence, place) + len(sentence)
    for column in ("stems", "lemmas", "tags"):
        assert column not in found or len(found[column]) == len(found["words"])


def _rows(prepared: Prepared) -> list[dict[str, Any]]:
    lines = "".join(prepared.text(split).read_text(encoding="utf-8") for split in ("train", "valid"))
    return [json.loads(line) for line in lines.splitlines()]


def test_prepared_rows_have_the_columns_and_training_the_text(tmp_path: Path) -> None:
    chance = random.Random(0)
    words = "cats dogs houses winters rivers mountains letters windows".split()
    path = tmp_path / "a.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for _ in range(80):
            said = " ".join(chance.choices(words, k=30))
            file.write(json.dumps({"text": f"The {said} were there. They run."}) + "\n")
    prepared = prepare(path, out=tmp_path / "out", annotate=("stems", "sentences"), workers=1)
    rows = _rows(prepared)
    steps = {step["name"]: step for step in prepared.report()["steps"]}
    assert len(rows) == 80 == steps["annotate"]["documents_out"]
    assert steps["annotate"]["counts"] == {"words": 80 * 35, "sentences": 160}
    for row in rows:
        assert row["sentences"][1] == "They run."
        assert len(row["words"]) == len(row["stems"]) == 35 and set(row["stems"]) <= {
            *("the", "were", "there", "they", "run", "cat", "dog", "hous", "winter", "river", "mountain", "letter", "window"),
        }  # fmt: skip
    corpus = prepared_corpus(prepared)
    assert corpus.tokenizer.decode(corpus.train.document(0)) == rows[0]["text"]


def test_a_document_that_is_cut_has_the_columns_of_its_parts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "\n".join(f"In {i} comes no. {i * i} of them, after {i + 7}." for i in range(400)), encoding="utf-8"
    )
    prepared = prepare(tmp_path / "a.txt", out=tmp_path / "out", annotate=("sentences",), workers=1)
    parts = _rows(prepared)
    assert len(parts) == 2
    for part in parts:
        assert part["sentences"] == part["text"].split("\n")[: len(part["sentences"])] != []
    assert sum(len(part["sentences"]) for part in parts) == 400


def test_options_name_known_columns_and_need_the_language() -> None:
    with pytest.raises(UserError, match="unknown --annotate 'verbs': choose among words, sentences"):
        PrepareOptions(annotate=("verbs",))
    with pytest.raises(UserError, match="--annotate stems needs the step language"):
        PrepareOptions(annotate=("words", "stems"), skip=("language",))
    PrepareOptions(annotate=("words", "sentences"), skip=("language",))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "snowballstemmer", None)
    with pytest.raises(UserError, match=r'annotate needs the package snowballstemmer: pip install "upwell\[text\]"$'):
        Annotation(("stems",))
