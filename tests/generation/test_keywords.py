"""Texts that hold keywords: whatever the model and the words, all of them stand in what comes out."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from upwell.errors import UserError
from upwell.generation import SamplingOptions, generate, stream
from upwell.generation.keywords import PATIENCE, KeywordConstraint, MissingWords
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.text.tokenizer_training import train_tokenizer
from upwell.text.tokenizers import Tokenizer

TEXT = "the cat sat on the mat in a garden. a dog ran!\n红楼梦里有一个园子。明月松间照。" * 30
WORDS = ["cat", "garden", "明月", "园子", "zebra", "café", "the dog", "a", "😀"]


def holds(text: str, word: str) -> bool:
    """Whether a word stands in a text: letters beside it are others' words, Han characters are not."""
    letter = r"[^\W\u3400-\u9fff]"
    before = f"(?<!{letter})" if re.match(letter, word[0]) else ""
    behind = f"(?!{letter})" if re.match(letter, word[-1]) else ""
    return re.search(before + re.escape(word) + behind, text) is not None


def model(kind: str, *, family: str = "gru", context: int = 256) -> tuple[Network, Tokenizer]:
    """One that knows nothing."""
    size = {"vocab_size": 400} if kind in ("bpe", "unigram", "word") else {}
    tokenizer = train_tokenizer(kind, [TEXT], **size)
    network = Network(network_config(family, 3000, vocab_size=tokenizer.vocab_size, context=context))
    network.reset_parameters(5)
    return network.eval(), tokenizer


PAIRS = {kind: model(kind) for kind in ("char", "byte", "bpe", "word")}


@pytest.mark.parametrize("kind", PAIRS)
@settings(max_examples=15)
@given(
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True),
    prompt=st.sampled_from(["", "the", "the ", "红楼", "“"]),
    spare=st.integers(0, 60),
    temperature=st.sampled_from([0.0, 0.8, 3.0]),
    seed=st.integers(0, 99),
)
def test_every_text_holds_its_keywords(
    kind: str, words: list[str], prompt: str, spare: int, temperature: float, seed: int
) -> None:
    network, tokenizer = PAIRS[kind]
    needed = sum(max(len(tokenizer.encode(word)), len(tokenizer.encode(" " + word))) for word in words)
    options = SamplingOptions(max_tokens=needed + spare, temperature=temperature, seed=seed, keywords=tuple(words))
    [found] = generate(network, tokenizer, [prompt], options)
    assert all(holds(found.text, word) for word in words), found.text
    assert len(found.tokens) <= needed + spare
    assert "".join(stream(network, tokenizer, prompt, options)) == found.text


def test_keywords_fit_into_the_context_of_attention() -> None:
    network, tokenizer = model("char", family="attention", context=40)
    options = SamplingOptions(max_tokens=500, keywords=("garden", "明月"), temperature=2.0)
    [found] = generate(network, tokenizer, ["the cat sat on the mat"], options)
    assert found.finish_reason == "context"
    assert holds(found.text, "garden") and holds(found.text, "明月")


def test_too_little_room_is_told_in_one_line() -> None:
    network, tokenizer = PAIRS["char"]
    with pytest.raises(UserError, match="--keyword: garden, 明月 need 9 tokens, but there is room for 8"):
        generate(network, tokenizer, [""], SamplingOptions(max_tokens=8, keywords=("garden", "明月")))
    for options in ({"stop": ("a",)}, {"regex": "a"}, {"keywords": (" ",)}):
        with pytest.raises(UserError, match="--keyword"):
            SamplingOptions(**{"keywords": ("cat",), **options})  # type: ignore[arg-type]


def told(constraint: KeywordConstraint, tokenizer: Tokenizer, text: str) -> None:
    """Let the constraint see a text that the model wrote."""
    for token in tokenizer.encode(text):
        constraint.guide(torch.zeros(tokenizer.vocab_size))
        assert constraint.allowed()[token]
        constraint.push(int(token))


def next_of(tokenizer: Tokenizer, allowed: Tensor) -> str:
    return tokenizer.decode(allowed.nonzero()[:, 0].tolist())


def test_a_keyword_is_raised_where_it_may_come_the_more_the_longer_it_was_waited_for() -> None:
    _, tokenizer = PAIRS["char"]
    constraint = KeywordConstraint(["garden"], tokenizer, room=1000)
    nothing = torch.zeros(tokenizer.vocab_size)

    def raised() -> dict[str, float]:
        logits = constraint.guide(nothing)
        return {tokenizer.decode([i]): float(logits[i]) for i in logits.nonzero()[:, 0].tolist()}

    told(constraint, tokenizer, "the cat ")
    early = raised()
    told(constraint, tokenizer, "sat on the mat. " * 2)
    late = raised()
    assert set(early) == set(late) == {"g"} and early["g"] < late["g"]
    told(constraint, tokenizer, "gar")
    assert raised()["d"] > 2 * late["g"]
    told(constraint, tokenizer, "ner")  # the model went on otherwise: within a word no keyword begins
    assert raised() == {}
    assert 8 * 2 + 7 < PATIENCE < 60


def test_a_keyword_comes_in_place_of_the_end_and_when_the_room_is_used_up() -> None:
    _, tokenizer = PAIRS["char"]
    constraint = KeywordConstraint(["明月"], tokenizer, room=10)
    ending = torch.zeros(tokenizer.vocab_size).index_fill(0, torch.tensor([tokenizer.end_of_text]), 20.0)
    constraint.guide(ending)
    assert next_of(tokenizer, constraint.allowed()) == "明"
    constraint = KeywordConstraint(["明月"], tokenizer, room=4)
    assert not constraint.allowed()[tokenizer.end_of_text]
    told(constraint, tokenizer, "红楼明月")
    assert constraint.allowed()[tokenizer.end_of_text]


def test_a_word_is_whole_and_not_of_the_prompt() -> None:
    _, tokenizer = PAIRS["char"]
    constraint = KeywordConstraint(["cat"], tokenizer, room=30, before="t")
    told(constraint, tokenizer, "cat the ca")  # "tcat" is another word
    told(constraint, tokenizer, "t")
    after = next_of(tokenizer, constraint.allowed())
    assert "." in after and "e" not in after


def pushed(words: Sequence[str], *pieces: bytes, before: str = "") -> list[str]:
    missing = MissingWords(words, before)
    for piece in pieces:
        missing.push(piece)
    return missing.words


def test_missing_words_are_followed_through_pieces_of_characters() -> None:
    assert pushed(["明月"], "明".encode()[:1], "明".encode()[1:], "月".encode()) == []
    assert pushed(["cat"], b"concat", b" cats", b" cat", b"egory") == []  # complete before more letters came
    assert pushed(["cat"], b"concat", b" cats", b" category") == ["cat"]
    assert pushed(["cat"], b"the", before="a cat ") == ["cat"]
    assert pushed(["a b", "b"], b"a ", b"b.") == []
