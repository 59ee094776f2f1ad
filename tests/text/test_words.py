from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from upwell.text.words import WordCounter, count_words


def test_count_words_counts_runs_and_han_characters() -> None:
    assert count_words("It was, the best\nof times.") == 6
    assert count_words("红楼梦。It's") == 4
    assert count_words("") == 0


@given(st.lists(st.text("ab 红\n。é"), max_size=6))
def test_word_counter_ignores_cuts(parts: list[str]) -> None:
    counter = WordCounter()
    for part in parts:
        counter.add(part, False)
    counter.add("", True)
    assert counter.num_words == count_words("".join(parts))


def test_word_counter_ends_words_with_documents() -> None:
    counter = WordCounter()
    counter.add("ab", True)
    counter.add("cd", True)
    assert counter.num_words == 2
