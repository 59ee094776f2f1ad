"""How right summaries are, and what is done without learning."""

from __future__ import annotations

import pytest

from upwell.tasks.summaries import ROUGES, lead, lead_for, summary_measures, text_rank_summary
from upwell.text.labelled import SummarizedText

TEXT = "It rained. The boat was red. Anna sold the red boat. Tom left."


def test_of_several_right_summaries_the_best_counts() -> None:
    pytest.importorskip("rouge_score")
    found = summary_measures([["a red boat", "rain"], ["红船卖了"]], ["Rain.", "红船"])
    assert tuple(found) == ROUGES
    assert found["rouge1"].value() == pytest.approx((1 + 2 / 3) / 2)
    assert found["rouge2"].value() == pytest.approx((0 + 2 / 4) / 2)


def test_without_the_library_words_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upwell.tasks.summaries.has_rouge", lambda: False)
    assert summary_measures([["a red boat", "rain"]], ["Rain."])["token_f1"].value() == 1


def test_the_first_sentences_are_as_many_as_suit_what_was_learned_from() -> None:
    assert lead(TEXT, 2) == "It rained. The boat was red."
    assert lead("...", 2) == "..."
    rows = [SummarizedText(TEXT, ("It rained. The boat was red. Anna sold the red boat.",))] * 3
    assert lead_for(rows)("One. Two. Three. Four.") == "One. Two. Three."


def test_text_rank_takes_what_is_central_in_its_order() -> None:
    assert text_rank_summary(TEXT, 1) == "The boat was red."
    assert text_rank_summary(TEXT, 2) == "The boat was red. Anna sold the red boat."
    assert text_rank_summary("红船旧了。安娜卖红船。下雨。", 2) == "红船旧了。安娜卖红船。"
    assert text_rank_summary("", 1) == ""
