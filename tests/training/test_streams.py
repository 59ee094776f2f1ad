"""The order of the data depends on the seed alone."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from upwell.training.streams import TokenStream


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
