"""/v1/embeddings: a text as the mean of the network's last hidden vectors.

Shapes: T tokens, D width of what the head reads.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from fastapi import APIRouter, Request
from numpy.typing import NDArray

from upwell.api import LanguageModel
from upwell.generation.batch import PREFILL_TOKENS
from upwell.generation.batching import Engine
from upwell.model.state import State
from upwell.serving.errors import TOO_LONG, ApiError
from upwell.serving.schemas import EmbeddingRequest
from upwell.serving.state import CurrentServer, note
from upwell.serving.writing import unless_gone

router = APIRouter(tags=["texts"])


@router.post("/v1/embeddings")
async def embeddings(body: EmbeddingRequest, request: Request, server: CurrentServer) -> dict[str, Any]:
    """The mean of the hidden vectors behind each token of a text, scaled to length one.

    They come from a model that learned to write, not to compare: texts with like words and manner are near each other.
    """
    texts = [body.input] if isinstance(body.input, str) else body.input
    async with server.models.use(body.model) as (name, loaded), asyncio.timeout(server.options.max_seconds):
        ids = await asyncio.to_thread(encode, loaded.language_model, texts, server.options.max_prompt_tokens)
        tokens = sum(map(len, ids))
        note(request, model=name, prompt_tokens=tokens)
        with loaded.room.enter():
            vectors = await unless_gone(request, _embed_all(loaded.engine, ids))
    data = [
        {"object": "embedding", "index": number, "embedding": _encoded(vector, body.encoding_format)}
        for number, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": name, "usage": usage}


def encode(model: LanguageModel, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
    """The ids of texts as documents; a refusal where one is too long for the server or for attention."""
    config = model.network.config
    limited = "attention" in config.mixers and config.window is None
    most = min(max_tokens, config.context) if limited else max_tokens
    found = [[model.tokenizer.end_of_text, *map(int, ids)] for ids in model.tokenizer.encode_batch(texts)]
    longest = max(map(len, found))
    if longest > most:
        message = f"a text has {longest} tokens; {most} are the most here"
        raise ApiError(400, message, code=TOO_LONG, parameter="input")
    return found


async def _embed_all(engine: Engine, texts: list[list[int]]) -> list[NDArray[np.float32]]:
    return [await embed(engine, ids) for ids in texts]


async def embed(engine: Engine, ids: list[int]) -> NDArray[np.float32]:
    """The mean (D,) over the tokens behind the first one, of length one; read in pieces, between which others write."""
    total, state = torch.zeros(()), None
    for start in range(0, len(ids), PREFILL_TOKENS):
        piece = ids[start : start + PREFILL_TOKENS]
        first = 1 if start == 0 else 0  # the token that begins a document is no part of the text
        summed, state = await asyncio.wrap_future(engine.call(partial(_read, engine, piece, state, first)))
        total = total + summed
    return torch.nn.functional.normalize(total, dim=0).numpy()


def _read(engine: Engine, piece: list[int], state: State, first: int) -> tuple[torch.Tensor, State]:
    device = engine.network.device
    hidden, state = engine.network.hidden(torch.tensor([piece], device=device), state)  # (1, T, D)
    return hidden[0, first:].float().sum(0).cpu(), state


def _encoded(vector: NDArray[np.float32], encoding: str) -> list[float] | str:
    if encoding == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    return [float(value) for value in vector]
