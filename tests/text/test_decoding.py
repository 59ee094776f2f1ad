from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.errors import UserError
from upwell.text.decoding import check_encoding, cut_pieces, decode, find_cut, normalize

TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from("\u0301\u0327\u1100\u1161\u11a8\n\r ab红。\ufeff"))


def _decoded(data: bytes, size: int, **options: str) -> str:
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    return "".join(decode(chunks, name="f", **options))


@given(TEXTS, st.integers(1, 7), st.sampled_from(["utf-8", "utf-16", "utf-32", "gb18030"]))
def test_decode_in_any_chunks_equals_decoding_at_once(text: str, size: int, encoding: str) -> None:
    expected = text if encoding in ("utf-16", "utf-32") else text.removeprefix("\ufeff")
    expected = expected.replace("\r\n", "\n").replace("\r", "\n")
    if encoding in ("utf-16", "utf-32"):
        expected = expected.removeprefix("\ufeff")  # a second mark, after the codec's own
    assert _decoded(text.encode(encoding), size, encoding=encoding) == expected


@given(TEXTS, st.integers(1, 7), st.integers(0, 40))
def test_decode_gives_exact_offset_of_a_bad_byte(text: str, size: int, place: int) -> None:
    before = text.encode("utf-8")
    data = before + b"\xff" + b"x" * place
    with pytest.raises(UserError, match=rf"byte {len(before)} is not utf-8 \(found ff\).*--encoding.*--errors replace"):
        _decoded(data, size)


def test_decode_gives_exact_offset_in_other_encodings() -> None:
    data = "红楼".encode("gb18030") + b"\xff\xff" + b"abc"
    for size in range(1, 8):
        with pytest.raises(UserError, match="byte 4 is not gb18030"):
            _decoded(data, size, encoding="gb18030")


def test_decode_names_the_end_of_a_truncated_character() -> None:
    with pytest.raises(UserError, match="byte 1 is not utf-8"):
        _decoded(b"a\xe7\xba", 10)


def test_decode_names_utf16_by_its_byte_order_mark() -> None:
    with pytest.raises(UserError, match="add --encoding utf-16"):
        _decoded("abc".encode("utf-16"), 10)


def test_decode_replaces_when_asked() -> None:
    assert _decoded(b"a\xffb", 1, errors="replace") == "a\ufffdb"
    assert _decoded(b"a\xffb", 1, errors="ignore") == "ab"


@pytest.mark.parametrize("name", ["hex", "rot13", "nonsense", "", "a\0b"])
def test_check_encoding_refuses_what_is_no_text_encoding(name: str) -> None:
    with pytest.raises(UserError, match="unknown --encoding"):
        check_encoding(name, "strict")


def test_check_encoding_refuses_unknown_policy() -> None:
    with pytest.raises(UserError, match="unknown --errors"):
        check_encoding("utf-8", "surrogateescape")


@given(TEXTS, st.integers(1, 9), st.integers(1, 20))
@settings(max_examples=300)
def test_cut_pieces_joined_is_the_normalized_text(text: str, size: int, chunk: int) -> None:
    text = normalize(text) if "\r" in text else text
    pieces = list(cut_pieces([text[i : i + chunk] for i in range(0, len(text), chunk)], size))
    assert "".join(piece.text for piece in pieces) == unicodedata.normalize("NFC", text)
    assert [piece.ends_document for piece in pieces] == [False] * (len(pieces) - 1) + [True] * bool(pieces)
    assert all(piece.text for piece in pieces)


def test_cut_pieces_bounds_pieces_without_newlines() -> None:
    for text in ("红" * 10_000, "a" * 10_000, "word " * 2_000, "\u0301" * 10_000, " " * 10_000):
        pieces = [piece.text for piece in cut_pieces([text], 100)]
        assert max(map(len, pieces)) <= 200
        assert "".join(pieces) == text


def test_find_cut_prefers_line_starts() -> None:
    text = "one two.\nthree four. five"
    assert text[: find_cut(text, 0, len(text))] == "one two.\n"
    assert find_cut("\n\n\n   \n\u0301", 0, 8) == 0


def test_normalize_composes_and_unifies_line_ends() -> None:
    assert normalize("e\u0301\r\nx\ry") == "é\nx\ny"


def test_normalize_of_endless_marks_is_quick() -> None:
    marks = "\u0301\u0327" * 20_000  # sorting all of them at once would take quadratic time
    assert len(normalize("e" + marks)) >= 40_000
