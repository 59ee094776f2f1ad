"""Tries a recipe for a fixed number of tokens: the program behind the tables of docs/experiments.md.

    python -m benchmarks.recipe_search lstm 600k 1m rows=16 optimizer=muon matrix_learning_rate=0.01

MODEL SIZE TOKENS, then fields of the recipe or of the network as NAME=VALUE. Trains on the first 95% of tinyshakespeare's
train.txt, measures on its last 5%, and prints nats per character; what counts as validation elsewhere is not touched.
Budgets are in tokens, so a busy machine changes the times but not the losses.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from upwell.model.config import NetworkConfig
from upwell.model.network import Network
from upwell.model.sizes import network_config, parse_count, parse_size
from upwell.text.allocator import keep_freed_memory
from upwell.text.corpus import prepare_corpus
from upwell.training.compute import torch_dtype
from upwell.training.loop import fit
from upwell.training.objectives import next_token
from upwell.training.recipe import Recipe
from upwell.training.schedules import Budget
from upwell.training.streams import TokenStream
from upwell.training.validation import Validation

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "lm-en-tinyshakespeare" / "train.txt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("size")
    parser.add_argument("tokens")
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE")
    parser.add_argument("--depth", type=int)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    settings: dict[str, Any] = {}
    for setting in arguments.settings:
        name, _, value = setting.partition("=")
        settings[name] = json.loads(value) if value[:1] in "0123456789tfn-" else value
    of_network = {field.name for field in dataclasses.fields(NetworkConfig)}
    recipe = Recipe(**{"validations": 2, **{n: v for n, v in settings.items() if n not in of_network}})
    keep_freed_memory()
    corpus = prepare_corpus(arguments.data, tokenizer_kind="char")  # holds out the last 5% of the one text
    config = network_config(
        arguments.model,
        parse_size(arguments.size),
        vocab_size=corpus.tokenizer.vocab_size,
        context=max(256, recipe.length),
        depth=arguments.depth,
    )
    network = Network(replace(config, **{name: value for name, value in settings.items() if name in of_network}))
    network.reset_parameters(recipe.seed)
    end = corpus.tokenizer.end_of_text
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result = fit(
            network,
            objective=next_token,
            stream=TokenStream(corpus.train.tokens, recipe.rows, recipe.length, recipe.seed, first=end),
            validate=Validation(corpus.valid.tokens, end, corpus.valid.num_bytes, corpus.valid.num_words),
            recipe=recipe,
            budget=Budget("tokens", parse_count(arguments.tokens, option="TOKENS")),
            folder=Path(folder),
            dtype=torch_dtype(arguments.dtype),
            num_workers=arguments.workers,
        )
    assert result.score is not None
    print(
        f"{arguments.model} {arguments.size} {arguments.tokens} {' '.join(arguments.settings)}: "
        f"{result.score.loss:.4f} nats a character, {time.perf_counter() - started:.0f} s"
    )


if __name__ == "__main__":
    main()
