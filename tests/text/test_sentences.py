"""Where sentences and clauses end."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.text.sentences import clause_spans, sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def clauses(text: str) -> list[str]:
    return [text[start:end] for start, end in clause_spans(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("It rained. Tom left!  Why?", ["It rained.", "Tom left!", "Why?"]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("Smith et al. (2018) show 3.5 kg. E.g. Dr. Jones, J. Doe.", ["Smith et al. (2018) show 3.5 kg.", "E.g. Dr. Jones, J. Doe."]),
        ("See fig. 3. It is new.", ["See fig. 3.", "It is new."]),
        ("#Person1#: Hi.\n\n#Person2#: Hello! Bye", ["#Person1#: Hi.", "#Person2#: Hello!", "Bye"]),
        ("天晴了。他说：“走吧！”他们走了", ["天晴了。", "他说：“走吧！”", "他们走了"]),
        ("病情基本得到控制.现将防治情况总结如下:", ["病情基本得到控制.", "现将防治情况总结如下:"]),
        ("占3.5%.结论是好的(P<0.05).方法 A.简介", ["占3.5%.", "结论是好的(P<0.05).", "方法 A.", "简介"]),
        ("", []),
        (" \n . … ", []),
    ],
)  # fmt: skip
def test_sentences_end_at_marks_but_not_behind_abbreviations(text: str, wanted: list[str]) -> None:
    assert sentences(text) == wanted


def test_clauses_end_at_commas_too_but_not_inside_numbers() -> None:
    assert clauses("In 1,000 cases, we show: it works; always.") == [
        "In 1,000 cases,",
        "we show:",
        "it works;",
        "always.",
    ]
    assert clauses("针对这一问题,提出一种方法；结果表明：很好。") == [
        "针对这一问题,",
        "提出一种方法；",
        "结果表明：",
        "很好。",
    ]


@given(st.text(alphabet='aB1 .,!?。，；\n"”(中文', max_size=60))
def test_spans_are_in_order_apart_and_leave_out_no_letter(text: str) -> None:
    for spans in (sentence_spans(text), clause_spans(text)):
        assert all(start < end for start, end in spans)
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
        covered = {place for start, end in spans for place in range(start, end)}
        assert all(place in covered for place, letter in enumerate(text) if letter.isalnum())
        assert all(text[start:end] == text[start:end].strip() for start, end in spans)


def test_what_has_no_end_is_cut_at_blanks() -> None:
    found = sentences("word " * 2000)
    assert len(found) == 5 and all(len(one) <= 2000 and not one.startswith("ord") for one in found)
    assert [len(one) for one in sentences("x" * 4500)] == [2000, 2000, 500]
