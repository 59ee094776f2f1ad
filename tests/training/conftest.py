"""A tiny text and tiny networks that train in a fraction of a second."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from upwell.model.config import NetworkConfig
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.training.recipe import Recipe
from upwell.training.streams import TokenStream
from upwell.training.validation import Validation

VOCABULARY = 17


def make_tokens(number: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Ids with structure to learn: each mostly follows from the one before by a fixed map."""
    rng = np.random.default_rng(seed)
    follow = np.random.default_rng(99).permutation(VOCABULARY)
    ids = np.empty(number, dtype=np.uint8)
    ids[0] = 1
    for i in range(1, number):
        ids[i] = follow[ids[i - 1]] if rng.random() < 0.8 else rng.integers(VOCABULARY)
    return ids


@pytest.fixture(scope="session")
def train_tokens() -> np.ndarray[Any, np.dtype[np.uint8]]:
    return make_tokens(4000)


@pytest.fixture(scope="session")
def valid_tokens() -> np.ndarray[Any, np.dtype[np.uint8]]:
    return make_tokens(700, seed=1)


@pytest.fixture
def tiny_config() -> Callable[..., NetworkConfig]:
    def make(model: str = "lstm", **options: Any) -> NetworkConfig:
        return network_config(model, 1500, vocab_size=VOCABULARY, context=64, depth=None, **options)

    return make


@pytest.fixture
def setup(train_tokens: Any, valid_tokens: Any, tiny_config: Any) -> Callable[..., dict[str, Any]]:
    """The arguments of `fit` for a tiny run."""

    def make(model: str = "lstm", recipe: Recipe | None = None, **options: Any) -> dict[str, Any]:
        recipe = recipe or Recipe(rows=4, length=16, learning_rate=1e-2, validations=4)
        network = Network(tiny_config(model, **options))
        network.reset_parameters(recipe.seed)
        return {
            "network": network,
            "stream": TokenStream(train_tokens, recipe.rows, recipe.length, recipe.seed),
            "validate": Validation(valid_tokens, 0, len(valid_tokens), 100),
            "recipe": recipe,
        }

    return make


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def golden() -> Callable[[str, Any], Any]:
    """What tests/golden holds under a name; UPWELL_RECORD=1 writes the present values there instead."""

    def read(name: str, present: Any) -> Any:
        path = Path(__file__).parents[1] / "golden" / name
        if os.environ.get("UPWELL_RECORD") == "1":
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(present) + "\n", encoding="utf-8", newline="\n")
        return json.loads(path.read_text(encoding="utf-8"))

    return read
