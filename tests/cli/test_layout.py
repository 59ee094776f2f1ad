"""Lines fit the terminal and say the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from upwell.cli.layout import pad, wrap
from upwell.cli.scores import score_lines


def test_wrap_breaks_english_at_blanks_and_chinese_anywhere_but_before_a_mark() -> None:
    assert wrap("the cat sat on the mat", 12, first="  ") == ["  the cat", "  sat on the", "  mat"]
    assert wrap("她找到了球。他很高兴。", 12) == ["她找到了球。", "他很高兴。"]
    assert wrap("他说：“好。”", 7, first="> ", indent="") == ["> 他", "说：", "“好。”"]


@given(st.text(st.sampled_from("ab cé 你好，。“”—\U00020000"), max_size=60), st.integers(12, 40))
def test_wrapped_lines_fit_and_hold_all_of_the_text(text: str, width: int) -> None:
    lines = wrap(text, width, first="  ")
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line) <= width for line in lines)


def test_pad_counts_cells_and_not_characters() -> None:
    assert pad("故事", 6) == "故事  " and pad("ab", 4, right=True) == "  ab"


def test_a_scorecard_has_eighty_columns() -> None:
    figure = {
        "value": 0.1234,
        "low": 0.1,
        "high": 0.2,
        "chance": 0.25,
        "oracle": 1.0,
        "baseline": 0.375,
        "baseline_name": "first and last",
    }
    nats = {"value": 284.2, "low": 256.4, "high": 310.8, "chance": None, "baseline": None, "oracle": None}
    scorecard = {"translation": {"meaning_match_en-zh": figure, "answer_nll": nats}}
    assert score_lines({0: scorecard}, {"translation": {"items": 200}}) == [
        "                       score  95% interval  chance  oracle  best baseline",
        "translation (200 items)",
        "  meaning match en-zh  0.123   0.100–0.200   0.250   1.000  0.375 first and last",
        "  answer nll           284.2   256.4–310.8",
    ]
    assert max(map(len, score_lines({0: scorecard}, {}))) == 80
