"""Numbers in words, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.world.numerals import (
    chinese_count,
    chinese_number,
    english_number,
    parse_chinese_number,
    parse_english_number,
)


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (0, "zero", "零"),
        (2, "two", "二"),
        (12, "twelve", "十二"),
        (21, "twenty-one", "二十一"),
        (105, "one hundred and five", "一百零五"),
        (200, "two hundred", "两百"),
        (1010, "one thousand and ten", "一千零一十"),
        (12300, "twelve thousand three hundred", "一万两千三百"),
        (20000, "twenty thousand", "两万"),
        (100000, "one hundred thousand", "十万"),
    ],
)
def test_numbers_are_said_as_people_say_them(value, english, chinese):
    assert english_number(value) == english
    assert chinese_number(value) == chinese


def test_two_things_are_counted_with_liang():
    assert chinese_count(2) == "两"
    assert chinese_count(12) == "十二"


@given(st.integers(0, 9_999_999))
def test_english_numbers_read_back(value):
    words = english_number(value).split()
    assert (len(words), value) in parse_english_number(words, 0)


@given(st.integers(0, 9_999_999), st.booleans())
def test_chinese_numbers_read_back(value, counting):
    text = chinese_count(value) if counting else chinese_number(value)
    assert (len(text), value) in parse_chinese_number(text, 0, counting=counting)
