from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from upwell.errors import UserError
from upwell.text.sources import open_source
from upwell.text.stores import TokenStore, build_store, smallest_dtype
from upwell.text.tokenizer_training import train_tokenizer

BYTES = train_tokenizer("byte", [])


def _store(tmp_path: Path, texts: list[str | list[str]]) -> TokenStore:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8", newline="")
    return build_store([open_source(tmp_path / "a.jsonl")], BYTES, tmp_path / "store")


def test_store_holds_documents_ended_by_end_of_text(tmp_path: Path) -> None:
    store = _store(tmp_path, ["ab c", "红"])
    assert store.tokens.dtype == np.uint16
    assert store.tokens.tolist() == [*BYTES.encode("ab c"), 0, *BYTES.encode("红"), 0]
    assert store.offsets.tolist() == [0, 5, 9]
    assert (store.num_bytes, store.num_words, store.num_documents, len(store)) == (7, 3, 2, 9)
    assert BYTES.decode(store.document(1)) == "红"
    assert TokenStore.open(tmp_path / "store").hash == store.hash


def test_store_marks_the_tokens_of_prompts(tmp_path: Path) -> None:
    store = _store(tmp_path, ["plain", ["2 + 3 =", " 5", "4 =", " 4"], ["", "红"], ["only given"]])
    given = "0" * 6 + "1" * 7 + "00" + "111" + "00" + "0" + "000" + "0" + "1" * 10 + "0"
    assert store.prompts is not None and "".join(map(str, store.prompts.tolist())) == given
    assert BYTES.decode(store.document(1)) == "2 + 3 = 54 = 4"
    assert store.num_documents == 4
    (tmp_path / "store" / "prompts.bin").write_bytes(b"\2" + bytes(store.num_tokens - 1))
    with pytest.raises(UserError, match="neither 0 nor 1"):
        TokenStore.open(tmp_path / "store")
    (tmp_path / "store" / "prompts.bin").unlink()
    with pytest.raises(UserError, match="token store"):
        TokenStore.open(tmp_path / "store")


def test_store_refuses_prompts_that_are_not_there(tmp_path: Path) -> None:
    _store(tmp_path, ["ab"])
    path = tmp_path / "store" / "meta.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "has_prompts": True}), encoding="utf-8")
    with pytest.raises(UserError, match="token store"):
        TokenStore.open(tmp_path / "store")


def test_a_plain_text_has_no_prompts(tmp_path: Path) -> None:
    assert _store(tmp_path, ["ab"]).prompts is None
    assert not (tmp_path / "store" / "prompts.bin").exists()


def test_store_is_not_overwritten(tmp_path: Path) -> None:
    _store(tmp_path, ["a"])
    with pytest.raises(FileExistsError):
        _store(tmp_path, ["b"])
    assert sorted(os.listdir(tmp_path)) == ["a.jsonl", "store"]


def test_smallest_dtype_fits_the_largest_id() -> None:
    assert [smallest_dtype(size) for size in (1, 256, 257, 65536, 65537, 1 << 32)] == (
        ["uint8", "uint8", "uint16", "uint16", "uint32", "uint32"]
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tokens.bin", b""),
        ("tokens.bin", b"\xff" * 18),
        ("tokens.bin", b"\x01\x00" * 9),
        ("offsets.bin", b"\0" * 24),
        ("offsets.bin", b"\xff" * 24),
        ("meta.json", b""),
        ("meta.json", b"[" * 60_000),
        ("meta.json", b"{}"),
        ("meta.json", b'{"format": 1}'),
        ("meta.json", b'{"format": 2}'),
        ("meta.json", b'{"format": 3}'),
        ("meta.json", b" " * 100_000),
    ],
)
def test_store_refuses_damage(tmp_path: Path, name: str, data: bytes) -> None:
    _store(tmp_path, ["ab c", "红"])
    (tmp_path / "store" / name).write_bytes(data)
    with pytest.raises(UserError, match="damaged token store"):
        TokenStore.open(tmp_path / "store")


@pytest.mark.parametrize(
    "change",
    [
        {"num_tokens": 10**15},
        {"num_tokens": -1},
        {"num_documents": 10**12},
        {"num_tokens": 9.0},
        {"vocab_size": True},
        {"dtype": "object"},
        {"dtype": ["uint8"]},
        {"vocab_size": 5},
        {"hash": "0"},
        {"has_prompts": 1},
        {"path": "../x"},
    ],
)
def test_store_refuses_hostile_counts(tmp_path: Path, change: dict[str, object]) -> None:
    _store(tmp_path, ["ab c", "红"])
    path = tmp_path / "store" / "meta.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}), encoding="utf-8")
    with pytest.raises(UserError, match="damaged token store"):
        TokenStore.open(tmp_path / "store")


@pytest.mark.parametrize("name", ["meta.json", "tokens.bin", "offsets.bin"])
def test_store_refuses_missing_files(tmp_path: Path, name: str) -> None:
    _store(tmp_path, ["ab"])
    (tmp_path / "store" / name).unlink()
    with pytest.raises(UserError, match="token store"):
        TokenStore.open(tmp_path / "store")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_store_refuses_links_out_of_its_folder(tmp_path: Path) -> None:
    _store(tmp_path, ["ab"])
    os.replace(tmp_path / "store" / "tokens.bin", tmp_path / "elsewhere")
    (tmp_path / "store" / "tokens.bin").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="damaged token store"):
        TokenStore.open(tmp_path / "store")
