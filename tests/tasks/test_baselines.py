"""What a model has to beat: the sliding window and each word's most frequent tag."""

from __future__ import annotations

import pytest

from upwell.tasks.baselines import MostFrequentTag, sliding_window, words_of
from upwell.text.labelled import Answer, Question, TaggedSentence

CONTEXT = "John went to the market in Boston. Mary bought a red bicycle from Peter Smith. The weather was fine."


def asked(question: str, context: str = CONTEXT, **more: object) -> Question:
    return Question(context=context, question=question, answers=(Answer("x"),), **more)  # type: ignore[arg-type]


def test_the_candidate_comes_from_the_sentence_that_is_like_the_question() -> None:
    assert sliding_window(asked("From whom was a red bicycle bought by Mary?")) in CONTEXT.split(". ")[1]
    assert sliding_window(asked("Where is the market that John went to?")) in CONTEXT.split(". ")[0]


def test_the_answer_is_cut_from_the_passage_as_it_stands_there() -> None:
    said = sliding_window(asked("Who sold the red bicycle to Mary?"))
    assert said and said in CONTEXT
    assert sliding_window(asked("Who?", context="")) == "" == sliding_window(asked("Who?", context="the of ..."))


def test_chinese_is_read_by_characters() -> None:
    context = "小明昨天去了北京。天气很好。小红买了一辆红色自行车。"
    said = sliding_window(asked("小红买了什么车？", context=context))
    assert said and said in "小红买了一辆红色自行车"


def test_choices_by_window_and_distance() -> None:
    choices = ("a blue boat", "a red bicycle", "the market")
    assert sliding_window(asked("What did Mary buy from Peter?", choices=choices, choice=1)) == "a red bicycle"


def test_words_know_their_place() -> None:
    text = "Mr. O'Neil paid 3.50, 北京!"
    assert [text[word.start : word.end] for word in words_of(text)] == ["Mr", "O'Neil", "paid", "3.50", "北", "京"]


def test_most_frequent_tag() -> None:
    tagger = MostFrequentTag().fit(
        [
            TaggedSentence(("the", "run", "the", "run"), ("DET", "NOUN", "DET", "VERB")),
            TaggedSentence(("run", "zebra", "lion"), ("VERB", "NOUN", "NOUN")),
        ]
    )
    assert tagger.tag(("The", "run", "tiger")) == ("DET", "VERB", "NOUN")
    assert tagger.fit([TaggedSentence(("a", "a"), ("X", "X"))]).tag(("b",)) == ("X",)


@pytest.mark.parametrize("context", ["a", "的的的", "!!! ???", "word " * 300])
def test_any_passage_can_be_asked(context: str) -> None:
    assert sliding_window(asked("what word is it?", context=context)) in context
