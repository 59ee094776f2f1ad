from __future__ import annotations

import pytest

from upwell.errors import UserError
from upwell.text.columns import choose_column, is_header


def test_choose_column_by_name_then_only_then_longest() -> None:
    assert choose_column([{"id": "a" * 99, "Text": "b"}], None, "f")[0] == "Text"
    assert choose_column([{"id": 1, "poem": "b"}], None, "f") == ("poem", "the only one with text")
    column, how = choose_column([{"en": "short", "zh": "a longer one"}], None, "f")
    assert column == "zh"
    assert "en, zh" in how


def test_choose_column_names_columns_when_missing() -> None:
    with pytest.raises(UserError, match=r"no column 'tetx'; it has: id, text. Did you mean 'text'\?"):
        choose_column([{"id": 1, "text": "b"}], "tetx", "f")
    with pytest.raises(UserError, match="no column holds text"):
        choose_column([{"id": 1}], None, "f")


def test_is_header_tells_names_from_data() -> None:
    assert is_header(["id", "text"], ["1", "abc"], None)
    assert is_header(["word", "phonemes"], ["CAT", "K AE1 T"], None)
    assert is_header(["a b c", "zzz"], None, "zzz")
    assert not is_header(["Hi.", "嗨。"], ["Run!", "跑!"], None)
    assert not is_header(["CAT", "K AE1 T"], ["DOG", "D AO1 G"], None)
    assert not is_header(["a", "a"], ["1", "2"], None)
    assert not is_header(["good", "fine"], ["bad", "poor"], None)
