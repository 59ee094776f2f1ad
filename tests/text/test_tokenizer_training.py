from __future__ import annotations

import hashlib
import multiprocessing
import os

import pytest

from upwell.errors import UserError
from upwell.text.tokenizer_training import FIRST_PIECE, default_vocab_size, train_tokenizer
from upwell.text.tokenizers import KINDS

ENGLISH = "".join(f"The {a} {b} walked to the {b} of the {a}.\n" for a in ["old", "new", "red"] for b in ["man", "sea"])
CHINESE = "贾宝玉笑道：“好妹妹，你放心。”林黛玉听了，也不言语。\n老太太来了，众人都站起来。\n"
kinds = pytest.mark.parametrize("kind", KINDS)


def _hash_of(kind: str, threads: str) -> str:
    os.environ["TOKENIZERS_PARALLELISM"] = threads
    text = train_tokenizer(kind, [ENGLISH * 30, CHINESE * 60], vocab_size=None if kind == "byte" else 500).to_json()
    return hashlib.blake2b(text.encode("utf-8")).hexdigest()


@kinds
@pytest.mark.parametrize("text", ["", "a", "\n", "红", "ab" * 50, "\u0301"])
def test_training_on_tiny_texts_gives_a_whole_tokenizer(kind: str, text: str) -> None:
    tokenizer = train_tokenizer(kind, [text])
    assert tokenizer.vocab_size >= FIRST_PIECE
    assert tokenizer.decode(tokenizer.encode("zß红" + text)) == "zß红" + text


def test_training_is_the_same_in_every_process_and_thread_count() -> None:
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for kind in KINDS:
            one, two = pool.apply(_hash_of, (kind, "true")), pool.apply(_hash_of, (kind, "false"))
            assert one == two, kind


@kinds
def test_training_keeps_the_vocabulary_size(kind: str) -> None:
    if kind != "byte":
        assert train_tokenizer(kind, [ENGLISH, CHINESE], vocab_size=270).vocab_size <= 270


def test_char_prefers_frequent_characters() -> None:
    tokenizer = train_tokenizer("char", ["aaab" * 9 + "c"], vocab_size=FIRST_PIECE + 2)
    assert [tokenizer.token_bytes(i) for i in range(FIRST_PIECE, tokenizer.vocab_size)] == [b"a", b"b"]
    assert len(tokenizer.encode("abc")) == 3


def test_word_keeps_frequent_words_whole_and_han_apart() -> None:
    tokenizer = train_tokenizer("word", [ENGLISH * 3 + CHINESE * 3], vocab_size=500)
    pieces = [tokenizer.token_bytes(int(token)).decode("utf-8") for token in tokenizer.encode("The man 贾宝玉")]
    assert pieces == ["The", " man", " ", "贾", "宝", "玉"]
    assert len(tokenizer.encode(" zebra")) == 6


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_subwords_compress_both_languages(kind: str) -> None:
    tokenizer = train_tokenizer(kind, [ENGLISH * 20, CHINESE * 40], vocab_size=400)
    for text in (ENGLISH, CHINESE):
        assert len(text.encode("utf-8")) / len(tokenizer.encode(text)) > 3
    assert tokenizer.decode(tokenizer.encode(CHINESE)) == CHINESE


def test_default_vocab_size_grows_with_the_text() -> None:
    assert default_vocab_size("bpe", 0) == FIRST_PIECE
    assert default_vocab_size("bpe", 100_000) == FIRST_PIECE + 1000
    assert default_vocab_size("bpe", 10**9) == 4096
    assert default_vocab_size("word", 10**9) == 16384


def test_training_refuses_unknown_kinds_and_sizes() -> None:
    with pytest.raises(UserError, match="unknown --tokenizer 'bpx'"):
        train_tokenizer("bpx", [])
    for kind, size in (("bpe", 256), ("char", 0), ("word", 10**12), ("byte", 300)):
        with pytest.raises(UserError, match=f"--vocab-size {size}"):
            train_tokenizer(kind, ["a"], vocab_size=size)
