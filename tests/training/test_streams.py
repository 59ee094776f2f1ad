"""The order of the data depends on the seed alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from upwell.training import streams
from upwell.training.streams import DocumentWindows, InTurn, TokenStream, pack


@given(
    number=st.integers(20, 300),
    rows=st.integers(1, 6),
    length=st.integers(1, 9),
    seed=st.integers(0, 5),
    epoch=st.integers(0, 3),
)
def test_an_epoch_reads_each_token_at_most_once_and_nearly_all(
    number: int, rows: int, length: int, seed: int, epoch: int
) -> None:
    if number < rows * length:
        return
    stream = TokenStream(np.arange(number, dtype=np.uint16), rows, length, seed)
    read = [stream.batch(epoch * stream.windows + window).tokens for window in range(stream.windows)]
    ids = torch.cat([tokens.flatten() for tokens in read]).tolist()
    assert len(ids) == len(set(ids))
    assert number - len(ids) < rows * length + rows


def test_a_row_reads_on_where_its_last_window_ended() -> None:
    stream = TokenStream(np.arange(100, dtype=np.uint8), rows=3, length=5, seed=1)
    first, second = stream.batch(0), stream.batch(1)
    assert torch.equal(first.targets[:, -1], second.tokens[:, 0])
    assert torch.equal(first.targets, (first.tokens + 1) % 100)


def test_epochs_and_seeds_begin_at_different_places() -> None:
    tokens = np.arange(1000, dtype=np.uint16)
    starts = {
        int(TokenStream(tokens, 2, 10, seed).batch(50 * epoch).tokens[0, 0]) for seed in range(3) for epoch in range(3)
    }
    assert len(starts) == 9


def test_processes_share_the_rows_of_the_whole_batch() -> None:
    stream = TokenStream(np.arange(500, dtype=np.uint16), rows=4, length=7, seed=3)
    whole = stream.batch(9)
    parts = [stream.batch(9, rank=rank, world=2) for rank in range(2)]
    assert torch.equal(whole.tokens, torch.cat([part.tokens for part in parts]))
    assert torch.equal(whole.targets, torch.cat([part.targets for part in parts]))


def test_streams_in_turn_are_read_once_and_the_last_again_and_again() -> None:
    texts = [np.full(number, value, np.uint8) for value, number in ((1, 40), (2, 80), (3, 60))]
    stream = InTurn(tuple(TokenStream(text, rows=2, length=10, seed=0) for text in texts))
    read = [int(stream.batch(step).tokens.unique()) for step in range(2 + 4 + 3 + 3 + 1)]
    assert read == [1] * 2 + [2] * 4 + [3] * 7
    assert stream.windows == 3
    places = [stream.position(step) for step in range(10)]
    assert places == [(0, 0), (0, 1), (0, 0), (0, 1), (0, 2), (0, 3), (0, 0), (0, 1), (0, 2), (1, 0)]


def test_some_rows_begin_anew_behind_the_end_of_text_token() -> None:
    stream = TokenStream(np.arange(1, 4001, dtype=np.uint16), rows=4, length=5, seed=0, first=0, fresh=0.25)
    batches = [stream.batch(step) for step in range(stream.windows)]
    fresh = torch.stack([batch.fresh for batch in batches if batch.fresh is not None])  # (windows, rows)
    assert fresh[0].all()
    assert 0.15 < fresh[1:].float().mean() < 0.35
    for batch, rows in zip(batches, fresh, strict=True):
        assert torch.equal(batch.tokens[:, 0] == 0, rows)
    parts = [stream.batch(9, rank=rank, world=2).fresh for rank in range(2)]
    assert torch.equal(torch.cat([part for part in parts if part is not None]), fresh[9])


def documents(sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Documents of these sizes, each of its own number, ended by 0; and their offsets."""
    texts = [[number] * (size - 1) + [0] for number, size in enumerate(sizes, 1)]
    return np.array([token for text in texts for token in text], np.uint16), np.concatenate([[0], np.cumsum(sizes)])


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60), st.integers(4, 24), st.integers(1, 6))
def test_packing_keeps_documents_whole_and_loses_none(sizes: list[int], length: int, num_open: int) -> None:
    tokens, offsets = documents(sizes)
    parts, bounds = pack(offsets, length, num_open)
    covered = np.sort(np.concatenate([np.arange(begin, end) for begin, end in parts]))
    assert (covered == np.arange(len(tokens))).all()
    for first, last in itertools.pairwise(bounds):
        window = parts[first:last]
        assert 1 <= sum(end - begin for begin, end in window) <= length
    starts = set(offsets[:-1].tolist())
    cut = [begin for begin, _ in parts.tolist() if begin not in starts]
    assert len(cut) == sum((size - 1) // length for size in sizes)  # only documents longer than a window are cut


def test_windows_of_documents_begin_anew_and_pad_without_weight() -> None:
    tokens, offsets = documents([5, 9, 3, 4, 12, 6, 7])
    stream = DocumentWindows(tokens, offsets, 1, 12, 3, first=0)
    seen = []
    for step in range(stream.windows):
        batch = stream.batch(step)
        assert batch.tokens.shape == (1, 12) and (batch.tokens[:, 0] == 0).all() and batch.weights is not None
        assert (batch.tokens[:, 1:] == batch.targets[:, :-1]).all()
        assert (batch.targets[batch.weights == 0] == 0).all()
        seen += batch.targets[batch.weights == 1].tolist()
    assert sorted(seen) == sorted(tokens.tolist())
    stream = DocumentWindows(tokens, offsets, 2, 12, 3, first=0)
    assert stream.batch(9).tokens.tolist() == stream.batch(9).tokens.tolist()
    halves = [stream.batch(1, rank=rank, world=2).tokens for rank in (0, 1)]
    assert (torch.cat(halves) == stream.batch(1).tokens).all()
    epochs = [stream.batch(epoch * stream.windows).tokens.tolist() for epoch in range(6)]
    assert any(tokens != epochs[0] for tokens in epochs)


@pytest.mark.parametrize("packed", [False, True])
def test_a_share_of_the_prompts_is_asked(packed: bool) -> None:
    tokens, offsets = documents([20] * 50)
    prompts = (np.arange(len(tokens)) % 2).astype(np.uint8)
    kind = {"prompts": prompts, "prompt_share": 0.25}
    stream = (
        DocumentWindows(tokens, offsets, 5, 40, 3, first=0, **kind) if packed else TokenStream(tokens, 5, 40, 3, **kind)
    )
    batches = [stream.batch(step) for step in range(40)]
    shares = torch.cat([batch.weights.flatten() for batch in batches if batch.weights is not None])
    assert set(shares.tolist()) == {0.0, 1.0}
    assert float(shares.mean()) == pytest.approx((1 + 0.25) / 2, abs=0.02)
    halves = [stream.batch(3, rank=rank, world=5).weights for rank in range(5)]
    assert (torch.cat(halves) == batches[3].weights).all()  # type: ignore[arg-type]
    assert not (batches[0].weights == batches[5].weights).all()


def test_packing_goes_on_where_a_chunk_of_documents_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    _, offsets = documents([5, 9, 3, 4, 12, 6, 7, 30, 2])
    whole = pack(offsets, 12, 3)
    monkeypatch.setattr(streams, "CHUNK", 2)
    for one, other in zip(pack(offsets, 12, 3), whole, strict=True):
        assert (one == other).all()
