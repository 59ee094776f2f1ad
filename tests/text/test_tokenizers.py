from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.errors import UserError
from upwell.text import tokenizers as module
from upwell.text.decoding import find_cut
from upwell.text.tokenizer_training import train_tokenizer
from upwell.text.tokenizers import END_OF_TEXT, KINDS, Tokenizer

SAMPLE = "It was the best of times, it was the worst of times.\n她是个好人，他也是个好人。\n" * 20
TRAINED = {kind: train_tokenizer(kind, [SAMPLE]) for kind in KINDS}
HARD = ["", "\x00", "\u0301\u0301a", "▁", "<0x41>", END_OF_TEXT, "👨‍👩‍👧", "\U0010ffff", "Ġ", "\r\n\t  x", "it 好" * 30]
ANY_TEXT = st.text() | st.text("it was 好人。\n\u0301▁<|>") | st.sampled_from(HARD)
kinds = pytest.mark.parametrize("kind", KINDS)


@kinds
@given(ANY_TEXT)
@settings(max_examples=150)
def test_tokenizer_round_trips_any_text(kind: str, text: str) -> None:
    tokenizer = TRAINED[kind]
    ids = tokenizer.encode(text)
    assert ids.dtype == np.int32
    assert tokenizer.decode(ids) == text
    assert tokenizer.end_of_text not in ids
    assert len(ids) == 0 or ids.max() < tokenizer.vocab_size


@kinds
@given(st.lists(st.integers(0, 256), max_size=12))
def test_stream_decoder_equals_decode(kind: str, ids: list[int]) -> None:
    tokenizer = TRAINED[kind]
    decoder = tokenizer.stream_decoder()
    parts = [decoder.push(token) for token in ids]
    assert "".join(parts) + decoder.flush() == tokenizer.decode(ids)


@kinds
def test_stream_decoder_never_gives_half_a_character(kind: str) -> None:
    decoder = TRAINED[kind].stream_decoder()
    parts = [decoder.push(int(token)) for token in TRAINED[kind].encode("a👩é好")]
    assert "".join(parts) == "a👩é好"
    assert "\ufffd" not in "".join(parts)


@kinds
@given(ANY_TEXT)
@settings(max_examples=50)
def test_tokenizer_equals_hugging_face_file(kind: str, text: str) -> None:
    twin = _twin(kind)
    assert twin.encode(text, add_special_tokens=False).ids == TRAINED[kind].encode(text).tolist()


_TWINS: dict[str, Any] = {}


def _twin(kind: str) -> Any:
    if kind not in _TWINS:
        _TWINS[kind] = tokenizers.Tokenizer.from_str(TRAINED[kind].to_json())
        _TWINS[kind].encode_special_tokens = True
        assert _TWINS[kind].token_to_id(END_OF_TEXT) == 0
    return _TWINS[kind]


@kinds
@given(st.lists(st.text("it was 好人。\n 3'\t", max_size=30), max_size=8), st.integers(0, 100))
def test_tokenizer_of_parts_equals_whole_at_safe_cuts(kind: str, parts: list[str], place: int) -> None:
    text = "\n".join(parts)
    cut = find_cut(text, 0, place)
    tokenizer = TRAINED[kind]
    joined = np.concatenate([tokenizer.encode(text[:cut]), tokenizer.encode(text[cut:])])
    assert joined.tolist() == tokenizer.encode(text).tolist()


@kinds
def test_encode_in_chunks_equals_encode_at_once(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SAMPLE + "word " * 500 + "x" * 2000 + "好" * 2000 + SAMPLE
    whole = TRAINED[kind].encode(text)
    monkeypatch.setattr(module, "_CHUNK_CHARACTERS", 50)
    assert TRAINED[kind].encode(text).tolist() == whole.tolist()


@kinds
def test_encode_batch_equals_encode(kind: str) -> None:
    texts = [*HARD, SAMPLE]
    for batch in (texts, texts[:-1], []):
        expected = [TRAINED[kind].encode(text).tolist() for text in batch]
        assert [ids.tolist() for ids in TRAINED[kind].encode_batch(batch)] == expected


@kinds
def test_encode_refuses_half_a_surrogate_pair(kind: str) -> None:
    for encode in (TRAINED[kind].encode, lambda text: TRAINED[kind].encode_batch([text])):
        with pytest.raises(UserError, match="surrogate pair"):
            encode("a\ud800")


@kinds
def test_token_bytes_spell_the_text(kind: str) -> None:
    tokenizer = TRAINED[kind]
    assert b"".join(tokenizer.token_bytes(int(token)) for token in tokenizer.encode(SAMPLE)) == SAMPLE.encode("utf-8")
    assert tokenizer.token_bytes(tokenizer.end_of_text) == b""
    assert tokenizer.decode([0, *tokenizer.encode("hi"), 0]) == "hi"


@kinds
def test_tokenizer_saves_and_loads(kind: str, tmp_path: Path) -> None:
    TRAINED[kind].save(tmp_path / "tokenizer.json")
    loaded = Tokenizer.load(tmp_path / "tokenizer.json")
    assert (loaded.kind, loaded.vocab_size) == (kind, TRAINED[kind].vocab_size)
    assert loaded.to_json() == TRAINED[kind].to_json()
    assert json.loads((tmp_path / "tokenizer.json").read_bytes())["model"]["format"] == 1


def test_load_refuses_missing_large_and_foreign_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tokenizer.json"
    with pytest.raises(UserError, match="cannot be read"):
        Tokenizer.load(path)
    for content in (b"", b"{", b"\xff", b"[" * 100_000, b"9" * 5000):
        path.write_bytes(content)
        with pytest.raises(UserError, match="is damaged"):
            Tokenizer.load(path)
    for value in ([], {}, {"model": None}, {"model": {"type": "BPE"}}):
        path.write_text(json.dumps(value), encoding="utf-8")
        with pytest.raises(UserError, match="names no kind"):
            Tokenizer.load(path)
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 1)
    with pytest.raises(UserError, match="is larger than"):
        Tokenizer.load(path)


def _damage(content: Any, kind: str, way: str) -> None:
    model = content["model"]
    vocabulary = model["vocab"]
    if way == "kind":
        model["kind"] = "magic"
    elif way == "format":
        model["format"] = 2
    elif way == "gap" and kind != "unigram":
        vocabulary[max(vocabulary, key=vocabulary.get)] += 10**12
    elif way == "type":
        model["vocab"] = 3
    elif way == "bytes":
        model["vocab"] = vocabulary[:-1] if kind == "unigram" else {END_OF_TEXT: 0}
        if kind == "unigram":
            vocabulary[5][0] = "\u4e00"
    elif way == "merge" and kind != "unigram":
        model["merges"] = [["qqq", "zzz"]]
    elif way == "score" and kind == "unigram":
        vocabulary[3][1] = float("nan")
    else:
        model["vocab"] = None


@kinds
@pytest.mark.parametrize("way", ["kind", "format", "gap", "type", "bytes", "merge", "score"])
def test_from_json_refuses_damaged_content(kind: str, way: str) -> None:
    content = json.loads(TRAINED[kind].to_json())
    _damage(content, kind, way)
    with pytest.raises(UserError) as caught:
        Tokenizer.from_json(content)
    assert "\n" not in str(caught.value)


def test_open_end_names_the_tokens_that_may_take_the_last_mark_over() -> None:
    tokenizer = train_tokenizer("bpe", ["心情：好\n心情：坏\nhe said: yes\n" * 200], vocab_size=320)
    joined = tokenizer.encode("心情：好")
    assert len(joined) < len(tokenizer.encode("心情：")) + len(tokenizer.encode("好"))  # the mark went with the letter
    opened = tokenizer.open_end(tokenizer.encode("心情："))
    assert opened is not None and opened[0] == "："
    assert int(joined[-1]) in opened[1]
    assert all(tokenizer.token_bytes(int(token)).startswith("：".encode()) for token in opened[1])
    for closed in ("心情", "he said", "心情：好\n", ""):
        assert tokenizer.open_end(tokenizer.encode(closed)) is None
    characters = train_tokenizer("char", ["心情：好"])
    assert characters.open_end(characters.encode("心情：")) is None
