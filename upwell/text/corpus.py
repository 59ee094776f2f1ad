"""From sources to what training reads: a tokenizer and two token stores, prepared once and then found in the cache."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from upwell.errors import UserError
from upwell.text.cache import cache_folder, writable_folder
from upwell.text.decoding import Piece, find_cut
from upwell.text.files import atomic_folder, atomic_write_json, remove_folder, remove_leftovers
from upwell.text.prepared import Prepared
from upwell.text.sources import Source, open_sources
from upwell.text.splits import Survey, survey
from upwell.text.stores import StoreWriter, TokenStore, write_store
from upwell.text.tokenizer_training import TRAINING_CHARACTERS, train_tokenizer
from upwell.text.tokenizers import Tokenizer

MIN_TRAIN_TOKENS = 200
"""A shorter text is refused: nothing can be learned from it."""
CORPUS_FORMAT = 4
"""Raised whenever the same sources begin to give other stores, so that older cache entries are not used."""

CHAR_UNTIL_CHARACTERS = 1_000_000
"""Below this much text characters give lower bits per byte than learned pieces: docs/experiments.md, "tokenizer"."""

Specs = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


@dataclass(frozen=True)
class Corpus:
    """A text ready for training."""

    train: TokenStore
    """Ids to learn from."""
    valid: TokenStore
    """Ids held out, or of the validation sources."""
    tokenizer: Tokenizer
    """Trained on the training part only, unless it was given."""
    description: str
    """For people, a few lines: what was read, how it was split, the tokenizer, where it is kept."""
    first: tuple[TokenStore, ...] = ()
    """Ids of texts to learn from before `train`, in turn."""


def prepare_corpus(
    sources: Specs,
    *,
    valid: Specs = (),
    first: Specs = (),
    tokenizer_kind: str = "bpe",
    vocab_size: int | None = None,
    tokenizer: Tokenizer | None = None,
    cache: str | os.PathLike[str] | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    column: str | None = None,
) -> Corpus:
    """Read sources, hold out a part, train a tokenizer, and tokenize; or find all that in the cache.

    Arguments: `sources`, `valid`: one or several of what `open_source` takes; several are joined. Without `valid` a
    part is held out (see `splits`). `first`: texts kept apart, to be read before the others. `tokenizer_kind`, `vocab_size`: of the tokenizer to train; `tokenizer`: use this
    one instead. `cache`: folder to keep the result in, by default `cache.cache_folder()`. The rest as in
    `open_source`.

    The cache is keyed by the content of the sources and all options that matter. Several processes may prepare the
    same corpus at once. Memory does not grow with the text.

    Raises UserError for bad sources and for texts that are too short.
    """
    names, valid_names, first_names = _listed(sources), _listed(valid), _listed(first)
    opened = iter(open_sources([*names, *valid_names, *first_names], encoding=encoding, errors=errors, column=column))
    train_sources, valid_sources, first_sources = (
        list(itertools.islice(opened, len(group))) for group in (names, valid_names, first_names)
    )
    if not train_sources:
        raise UserError("no source of text was given")
    root, note = writable_folder(Path(cache) if cache is not None else cache_folder())
    settings = ["tokenizer", _hash(tokenizer.to_json())] if tokenizer else ["train", tokenizer_kind, vocab_size]
    prints = [[source.fingerprint() for source in group] for group in (train_sources, valid_sources, first_sources)]
    folder = root / "corpora" / _hash(json.dumps([CORPUS_FORMAT, settings, prints]))

    found = _open(folder)
    if found is None:
        remove_leftovers(folder.parent)
        try:
            with atomic_folder(folder) as temporary:
                _build(temporary, train_sources, valid_sources, first_sources, tokenizer, tokenizer_kind, vocab_size)
        except FileExistsError:
            pass  # another process has just prepared the same
        found = _open(folder)
        if found is None:
            raise UserError(f"{folder}: what was just written there cannot be read back; check the disk")
    lines = [
        *(f"first: {source.description}" for source in first_sources),
        *(source.description for source in train_sources),
        *(f"validation: {s.description}" for s in valid_sources),
    ]
    description = "\n".join([*lines, *found.description.splitlines(), f"kept in {folder}", *([note] if note else [])])
    return dataclasses.replace(found, description=description)


def prepared_corpus(prepared: Prepared) -> Corpus:
    """The corpus that `upwell prepare` has made, tokens and all."""
    tokenizer = prepared.tokenizer()
    train, valid = prepared.store("train"), prepared.store("valid")
    if any(store.vocab_size != tokenizer.vocab_size for store in (train, valid)):
        raise UserError(
            f"{prepared.folder}: its tokens are of another tokenizer; prepare the text again with --overwrite"
        )
    _check_lengths(train, valid, str(prepared.folder))
    lines = [prepared.description, *_describe(train, valid, tokenizer, "held out when it was prepared")]
    return Corpus(train, valid, tokenizer, "\n".join(lines))


def usual_tokenizer(sources: Iterable[Source]) -> str:
    """The kind of tokenizer that suits the amount of text: char for little, bpe for much. Reads no more than it must."""
    characters = 0
    for piece in _pieces(sources):
        characters += len(piece.text)
        if characters >= CHAR_UNTIL_CHARACTERS:
            return "bpe"
    return "char"


def _listed(specs: Specs) -> list[str]:
    if isinstance(specs, str | os.PathLike):
        return [os.fspath(specs)]
    return [os.fspath(spec) for spec in specs]


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8"), digest_size=16).hexdigest()


def _open(folder: Path) -> Corpus | None:
    """Open a cache entry; remove a damaged one and return None as for one that is not there."""
    if not folder.exists():
        return None
    try:
        return _read(folder)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass  # no file of it is open or mapped any more: Windows would not rename it
    try:
        remove_folder(folder)
    except FileNotFoundError:  # another process was quicker
        pass
    except OSError as error:
        raise UserError(f"{folder}: is damaged and cannot be removed ({error.strerror}); delete this folder") from error
    return None


def _read(folder: Path) -> Corpus:
    known = json.loads((folder / "corpus.json").read_bytes())
    tokenizer = Tokenizer.load(folder / "tokenizer.json")
    names = ["train", "valid", *(f"first-{number}" for number in range(known["first"]))]
    train, valid, *first = stores = [TokenStore.open(folder / name) for name in names]
    if any(store.vocab_size != tokenizer.vocab_size for store in stores):
        raise ValueError("stores of another tokenizer")
    return Corpus(train, valid, tokenizer, "\n".join(known["description"]), tuple(first))


def _build(
    folder: Path,
    train_sources: list[Source],
    valid_sources: list[Source],
    first_sources: list[Source],
    tokenizer: Tokenizer | None,
    kind: str,
    vocab_size: int | None,
) -> None:
    found = survey(_pieces(train_sources), hold_out=not valid_sources)
    if tokenizer is None:
        texts = itertools.chain(_beginning(first_sources, kind), _training_texts(train_sources, found, kind))
        tokenizer = train_tokenizer(kind, texts, vocab_size=vocab_size)
    tokenizer.save(folder / "tokenizer.json")
    firsts = {f"first-{number}": source for number, source in enumerate(first_sources)}
    for name in ("train", "valid", *firsts):
        (folder / name).mkdir()
    for name, source in firsts.items():
        write_store(source.pieces(), tokenizer, folder / name)
    if valid_sources:
        write_store(_pieces(train_sources), tokenizer, folder / "train")
        write_store(_pieces(valid_sources), tokenizer, folder / "valid")
    else:
        with StoreWriter(folder / "train", tokenizer) as train, StoreWriter(folder / "valid", tokenizer) as valid:
            for piece, is_held in found.split.assign(_pieces(train_sources)):
                (valid if is_held else train).add(*piece)
            train.finish()
            valid.finish()
    train_store, valid_store = TokenStore.open(folder / "train"), TokenStore.open(folder / "valid")
    _check_lengths(train_store, valid_store, ", ".join(source.spec for source in train_sources))
    share = valid_store.num_bytes / max(1, train_store.num_bytes + valid_store.num_bytes)
    part = "given" if found.split.method == "given" else f"the held-out {share:.1%} {found.split.method}"
    said = [
        *(f"first: {_counts(TokenStore.open(folder / name))}" for name in firsts),
        *_describe(train_store, valid_store, tokenizer, part),
    ]
    del train_store, valid_store  # Windows does not rename a folder while files in it are mapped
    atomic_write_json(
        folder / "corpus.json",
        {"format": CORPUS_FORMAT, "split": found.split.method, "first": len(firsts), "description": said},
    )


def _pieces(sources: Iterable[Source]) -> Iterator[Piece]:
    for source in sources:
        yield from source.pieces()


def _beginning(sources: list[Source], kind: str) -> Iterator[str]:
    """The texts of `sources`, of much text no more than a tokenizer is trained on."""
    left = TRAINING_CHARACTERS.get(kind, math.inf)
    for piece in _pieces(sources):
        if left <= 0:
            return
        left -= len(piece.text)
        yield piece.text


def _training_texts(sources: list[Source], found: Survey, kind: str) -> Iterator[str]:
    """The training part, or of a large one an even sample: from each piece its beginning."""
    share = min(1.0, TRAINING_CHARACTERS.get(kind, found.num_characters) / found.num_characters)
    due = 0.0
    for piece, is_held in found.split.assign(_pieces(sources)):
        if is_held:
            continue
        due += share * len(piece.text)
        if due >= len(piece.text) * 0.999:
            due -= len(piece.text)
            yield piece.text
        elif len(piece.text) > 1 << 12:
            end = find_cut(piece.text, 0, int(due)) or int(due)
            due -= end
            yield piece.text[:end]


def _check_lengths(train: TokenStore, valid: TokenStore, names: str) -> None:
    if train.num_tokens < MIN_TRAIN_TOKENS:
        raise UserError(f"{names}: too short, {train.num_tokens} tokens; at least {MIN_TRAIN_TOKENS} are needed")
    if valid.num_tokens < 2:
        raise UserError(f"{names}: too short to hold out a part for validation; name one by --valid")


def _describe(train: TokenStore, valid: TokenStore, tokenizer: Tokenizer, part: str) -> list[str]:
    density = train.num_bytes / train.num_tokens
    return [
        f"training: {_counts(train)}",
        f"validation: {_counts(valid)}, {part}",
        f"tokenizer: {tokenizer.kind}, {tokenizer.vocab_size} ids, {density:.2f} bytes per token",
    ]


def _counts(store: TokenStore) -> str:
    parts = [f"{store.num_bytes:,} bytes", f"{store.num_tokens:,} tokens", f"{store.num_documents:,} documents"]
    return ", ".join([*parts, f"{store.num_words:,} words"])
