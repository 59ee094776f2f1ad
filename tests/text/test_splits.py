from __future__ import annotations

import pytest

from upwell.text import splits
from upwell.text.decoding import Piece, cut_pieces
from upwell.text.splits import Split, survey


def _split(pieces: list[Piece]) -> tuple[str, list[str], list[str]]:
    split = survey(pieces, hold_out=True).split
    assigned = list(split.assign(pieces))
    return (
        split.method,
        [piece.text for piece, held in assigned if not held],
        [piece.text for piece, held in assigned if held],
    )


def test_split_of_many_documents_is_by_hash_whatever_their_order() -> None:
    documents = [Piece(f"document {i} says little.\n", True) for i in range(400)]
    method, train, valid = _split(documents)
    assert method == "by document hash"
    assert 10 <= len(valid) <= 40
    assert sorted(_split(documents[::-1])[2]) == sorted(valid)
    assert not set(train) & set(valid)


def test_split_keeps_equal_documents_together() -> None:
    documents = [Piece(f"document {i % 50} says little.\n", True) for i in range(400)]
    _, train, valid = _split(documents)
    assert len(valid) == 8 * len(set(valid))
    assert not set(train) & set(valid)


def test_split_keeps_pieces_of_a_document_together() -> None:
    documents = [piece for i in range(100) for piece in (Piece(f"start {i} ", False), Piece(f"end {i}", True))]
    method, train, valid = _split(documents)
    assert method == "by document hash"
    assert {text.split()[1] for text in valid[::2]} == {text.split()[1] for text in valid[1::2]}
    assert len(train) + len(valid) == 200


@pytest.mark.parametrize(
    ("text", "start"), [("one two three.\n", "one"), ("甲乙丙丁。", "甲"), ("ab", ""), ("x\n\ny\n", "y")]
)
def test_split_of_one_text_is_its_end_from_a_boundary(text: str, start: str) -> None:
    whole = text * 1000
    for size in (1 << 20, 100):
        method, train, valid = _split(list(cut_pieces([whole], size)))
        assert method == "by position"
        assert "".join(train) + "".join(valid) == whole
        assert len("".join(valid)) == pytest.approx(0.05 * len(whole), rel=0.2)
        assert "".join(valid).startswith(start)


def test_split_of_uneven_documents_is_by_position() -> None:
    documents = [Piece("long " * 1000, True)] * 2 + [Piece(f"{i}", True) for i in range(40)]
    assert _split(documents)[0] == "by position"


def test_split_holds_out_a_bounded_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "MAX_HELD_OUT_BYTES", 1000)
    documents = [Piece(f"document {i:5} says little.\n", True) for i in range(5000)]
    _, _, valid = _split(documents)
    assert 1000 <= sum(map(len, valid)) <= 1030
    _, _, valid = _split([Piece("a line of text\n" * 10_000, True)])
    assert sum(map(len, valid)) == pytest.approx(1000, abs=20)


def test_survey_counts() -> None:
    found = survey([Piece("红", False), Piece("ab", True), Piece("c", True)], hold_out=False)
    assert (found.num_documents, found.num_bytes, found.num_characters) == (2, 6, 4)
    assert found.split == Split()
    assert found.split.method == "given"
