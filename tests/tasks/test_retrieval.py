"""Passages of long texts: cutting, and finding the one that a question is about."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.errors import UserError
from upwell.tasks.retrieval import PassageIndex, cut_passages, term_finder

TOPICS = (
    "The whale is the largest animal in the sea.",
    "Rust forms on iron in wet air.",
    "Mount Everest is in the Himalayas.",
)


def test_passages_overlap_and_hold_every_word() -> None:
    text = " ".join(f"w{number}" for number in range(25))
    found = cut_passages(text, words=10, overlap=4)
    assert [passage.text.split()[0] for passage in found] == ["w0", "w6", "w12", "w18"]
    assert found[0].text.split()[-4:] == found[1].text.split()[:4] and found[-1].text.endswith("w24")


@given(st.text(alphabet="ab 中文。\n", max_size=80), st.integers(2, 9), st.integers(0, 1))
def test_passages_are_cut_from_the_text_where_they_say(text: str, words: int, overlap: int) -> None:
    found = cut_passages(text, document=3, words=words, overlap=overlap)
    assert all(text.startswith(passage.text, passage.start) and passage.document == 3 for passage in found)
    covered = {place for passage in found for place in range(passage.start, passage.start + len(passage.text))}
    assert {place for place, character in enumerate(text) if not character.isspace()} <= covered


def test_an_overlap_as_long_as_the_passage_is_refused() -> None:
    with pytest.raises(ValueError, match="an overlap of 5 words does not fit passages of 5"):
        cut_passages("a b", words=5, overlap=5)


def test_a_question_finds_its_passage_in_a_long_document() -> None:
    pytest.importorskip("bm25s", reason="searching passages needs bm25s")
    filler = "Nothing much of note happened on that day, as people said. " * 30
    index = PassageIndex([filler + filler.join(TOPICS) + filler, "Another text about trees."])
    for question, topic in zip(
        ("What is the largest animal?", "What forms on iron?", "Where is Mount Everest?"), TOPICS, strict=True
    ):
        best = index.search(question, number=2)[0]
        assert topic in best.passage.text and best.passage.document == 0 and best.score > 0
    assert index.search("trees")[0].passage.document == 1
    assert index.search("zebra?") == [] == index.search("")


def test_chinese_is_matched_by_words() -> None:
    pytest.importorskip("bm25s", reason="searching passages needs bm25s")
    index = PassageIndex(["鲸是海里最大的动物。", "铁在潮湿的空气里生锈。", "珠穆朗玛峰在喜马拉雅山脉。"])
    assert index.search("最大的动物是什么？")[0].passage.document == 0
    assert index.search("喜马拉雅山")[0].passage.document == 2


def test_terms_without_the_segmenter_are_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    assert list(term_finder()("The end, 北京.")) == ["the", "end", "北", "京"]


def test_what_can_not_be_searched_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="no document holds a word"):
        PassageIndex(["", " \n"])
    missing: Any = None
    monkeypatch.setitem(sys.modules, "bm25s", missing)
    with pytest.raises(UserError, match=r'needs the bm25s library: pip install "upwell\[tasks\]"'):
        PassageIndex(["a text"])
