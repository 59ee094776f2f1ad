"""Texts as vectors: what a network has at their tokens, pooled.

Shapes: N texts, T tokens, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from upwell.model.network import Network
from upwell.model.reader import pool
from upwell.text.tokenizer_training import train_tokenizer
from upwell.text.tokenizers import Ids, Tokenizer
from upwell.training.example_streams import Examples
from upwell.training.options import TrainOptions
from upwell.training.reading import batches

LONGEST_WORDS = 12
"""Characters between blanks, on average, up to which these are taken for words."""
VOCABULARY = 8000
"""Pieces of words."""


def tokenizer_of(texts: Sequence[str], options: TrainOptions) -> Tokenizer:
    """The tokenizer that a reader of `texts` learns with: words where blanks divide them, as in English, else pieces, as in
    Chinese; unless the user wants another. docs/experiments.md, "Classifiers"."""
    letters, words = sum(map(len, texts)), sum(len(text.split()) for text in texts)
    kind = options.tokenizer or ("word" if letters <= LONGEST_WORDS * words else "bpe")
    return train_tokenizer(kind, texts, vocab_size=options.vocab_size or (VOCABULARY if kind == "bpe" else None))


def encode(tokenizer: Tokenizer, texts: Sequence[str], context: int) -> list[Ids]:
    """Token ids of each text, the middle of a long one left out; an empty text is an end of text."""
    found = []
    for ids in tokenizer.encode_batch(list(texts)):
        if len(ids) > context:
            ids = np.concatenate([ids[: context - context // 2], ids[-(context // 2) :]])
        found.append(ids if len(ids) else np.array([tokenizer.end_of_text], ids.dtype))
    return found


@torch.inference_mode()
def embed(network: Network, tokens: Sequence[Ids]) -> npt.NDArray[np.float32]:
    """Vectors of texts, of length one; none of `tokens` is empty.

    By an encoder mean and maximum (N, 2 D) of its hidden vectors; by a language model the mean (N, D) of those behind the
    first token, which only begins the text.
    """
    device = next(network.parameters()).device
    examples = Examples(tokens, np.zeros(len(tokens), np.int64))
    found: list[Any] = [None] * len(tokens)
    for numbers in batches(examples):
        batch = examples.batch(numbers).to(device)
        assert batch.lengths is not None
        hidden, _ = network.hidden(batch.tokens, lengths=batch.lengths)
        if network.config.causal:
            pooled = pool(hidden[:, 1:], batch.lengths - 1)[:, : hidden.shape[2]]
        else:
            pooled = pool(hidden, batch.lengths)
        for number, vector in zip(numbers, torch.nn.functional.normalize(pooled.float(), dim=1), strict=True):
            found[number] = vector.cpu().numpy()
    return np.stack(found)
