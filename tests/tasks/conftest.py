"""Examples that need no world, and a tiny model that knows nothing."""

from __future__ import annotations

import pytest

from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.tasks.answering import ModelAnswerer
from upwell.text.examples import Example
from upwell.text.tokenizer_training import train_tokenizer


def question(number: int, *, split: str = "test", options: tuple[str, ...] = ()) -> Example:
    colours = ("red", "blue", "green", "white")
    colour = colours[number % 4]
    return Example(
        view="qa",
        kind="what",
        language="en",
        level=1,
        split=split,
        prompt=f"Box {number} is {colour}.\nQuestion: What colour is box {number}?\nAnswer:",
        answer=colour,
        options=options or colours,
        difficulty={"hops": 1 + number % 2},
    )


@pytest.fixture
def questions() -> list[Example]:
    return [question(number) for number in range(80)]


@pytest.fixture
def shown() -> list[Example]:
    return [question(number, split="train") for number in range(100, 140)]


@pytest.fixture(scope="session")
def ignorant() -> ModelAnswerer:
    """A model of random weights."""
    text = "\n".join(question(number).text for number in range(40))
    tokenizer = train_tokenizer("bpe", [text], vocab_size=330)
    network = Network(network_config("lstm", 3000, vocab_size=tokenizer.vocab_size, context=64, depth=None))
    network.reset_parameters(0)
    return ModelAnswerer(network.eval(), tokenizer)
