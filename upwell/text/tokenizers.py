"""Tokenizers: text to ids and back, without loss for any Unicode string.

Every kind spells what it does not know in bytes, so no text is ever refused or changed:

- `byte`: the 256 bytes of UTF-8.
- `char`: the characters seen in training; any other one is spelled in its UTF-8 bytes.
- `bpe`: byte-level byte-pair encoding (Sennrich et al. 2016, Radford et al. 2019).
- `unigram`: pieces of words by a unigram language model (Kudo 2018).
- `word`: whole frequent words with the space before them; Han characters stand alone; other words are spelled in bytes.

`bpe` and `unigram` first cut the text by the pattern of Qwen2, which llama.cpp knows as "qwen2". Id 0 is the control
token end-of-text. It comes from code only: its letters in a text are encoded as letters. tokenizer.json is the format
of the Hugging Face libraries, which load it as it is; our kind and format number stand inside its `model` object.
"""

from __future__ import annotations

import codecs
import functools
import itertools
import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from upwell.errors import UserError
from upwell.text.decoding import find_cut
from upwell.text.files import atomic_write_bytes

if TYPE_CHECKING:
    import tokenizers

KINDS = ("char", "byte", "bpe", "unigram", "word")
END_OF_TEXT = "<|endoftext|>"
END_OF_TEXT_ID = 0
FIRST_PIECE = 257
"""Ids below are the control token (0) and the single bytes (1 to 256, not in every kind in this order)."""
MAX_VOCAB_SIZE = 1 << 20
MAX_FILE_BYTES = 128 << 20
"""A larger tokenizer.json is refused unread."""

# The pre-tokenizer of Qwen2 (and GPT-4's but for single digits).
QWEN2_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Words with the space before them; every mark, digit and line break stands alone, so no word hides behind a mark.
_WORD_PATTERN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]|[\r\n]|[^\S\r\n]+(?!\S)|[^\S\r\n]+"
_CHUNK_CHARACTERS = 1 << 13  # long texts are encoded in such parts: the library slows down on long ones

Ids = NDArray[np.int32]


class Tokenizer:
    """A trained tokenizer. Make one by `train_tokenizer` or `Tokenizer.load`.

    Attributes: `kind`, one of `KINDS`; `vocab_size`, number of ids; `end_of_text`, id of the control token.
    """

    def __init__(self, kind: str, backend: tokenizers.Tokenizer) -> None:
        self.kind = kind
        self.backend = backend
        self.vocab_size: int = backend.get_vocab_size()
        self.end_of_text = END_OF_TEXT_ID
        self._bytes = _bytes_of_ids(kind, backend)
        self._character_ids = _character_ids(backend) if kind == "char" else None
        self._continuations: dict[bytes, tuple[str, Ids] | None] = {}

    def encode(self, text: str) -> Ids:
        """Encode a text as ids (n,), without any control token. Raises UserError for half of a surrogate pair."""
        try:
            if self.kind == "byte":
                return np.frombuffer(text.encode("utf-8"), np.uint8).astype(np.int32) + 1
            if self._character_ids is not None:
                return _encode_characters(text, self._character_ids)
            return _encode_chunks(self.backend, list(_safe_chunks(text)))
        except (UnicodeEncodeError, TypeError) as error:  # the library says TypeError
            raise _surrogate_error(text) from error

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        """Encode each of several texts; quicker than one by one."""
        if self.kind in ("byte", "char"):
            return [self.encode(text) for text in texts]
        chunks = [list(_safe_chunks(text)) for text in texts]
        try:
            encodings = self.backend.encode_batch_fast(list(itertools.chain(*chunks)), add_special_tokens=False)
        except TypeError as error:
            raise _surrogate_error("".join(texts)) from error
        ids = iter([np.array(encoding.ids, np.int32) for encoding in encodings])
        return [np.concatenate(list(itertools.islice(ids, len(parts)))) for parts in chunks]

    def decode_bytes(self, ids: Iterable[int] | NDArray[Any]) -> bytes:
        """The UTF-8 bytes that ids spell, whole characters or not; control tokens give nothing."""
        listed = ids.tolist() if isinstance(ids, np.ndarray) else list(ids)
        table = self._bytes
        assert not listed or min(listed) >= 0, "ids are not negative"
        return b"".join([table[i] for i in listed])

    def decode(self, ids: Iterable[int] | NDArray[Any]) -> str:
        """The text that ids spell; bytes that are no UTF-8 become U+FFFD, control tokens give nothing."""
        return self.decode_bytes(ids).decode("utf-8", "replace")

    def token_bytes(self, token: int) -> bytes:
        """The bytes that one id stands for; b"" for the control token."""
        assert token >= 0, "ids are not negative"
        return self._bytes[token]

    def open_end(self, ids: Ids) -> tuple[str, Ids] | None:
        """The last character of `ids`, and all tokens that begin with it, where what follows may join it in one token.

        The pattern that cuts a text leaves a blank or mark before letters with them: `：好` may be one token, so a text
        that ends in `：` must not be closed by that token alone, which in training letters hardly ever follow. None where
        the last token is not a single such character, or no longer token begins with it.
        """
        last = self._bytes[int(ids[-1])] if len(ids) else b""
        if last not in self._continuations:
            text = last.decode("utf-8", "replace")
            joins = len(text) == 1 and text not in "\r\n\ufffd" and not text.isalnum()
            found = [token for token, piece in enumerate(self._bytes) if joins and piece.startswith(last)]
            self._continuations[last] = (text, np.array(found, np.int32)) if len(found) > 1 else None
        return self._continuations[last]

    def stream_decoder(self) -> StreamDecoder:
        """A decoder that takes one id at a time."""
        return StreamDecoder(self)

    def to_json(self) -> str:
        """The content of tokenizer.json."""
        content = json.loads(self.backend.to_str())
        content["model"] = {"format": 1, "kind": self.kind, **content["model"]}
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write tokenizer.json, all at once."""
        atomic_write_bytes(path, self.to_json().encode("utf-8"))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a tokenizer.json that `save` wrote, and check all of it.

        Only kind, vocabulary and merges are taken from the file; the rest follows from the kind.
        Raises UserError for a missing, damaged or foreign file, or one above `MAX_FILE_BYTES`.
        """
        name = str(path)
        try:
            if os.path.getsize(path) > MAX_FILE_BYTES:
                raise UserError(f"{name}: is larger than {MAX_FILE_BYTES >> 20} MB, so no tokenizer of upwell")
            text = Path(path).read_bytes().decode("utf-8")
            content = json.loads(text)
        except OSError as error:
            raise UserError(f"{name}: cannot be read ({error.strerror or error})") from error
        except (ValueError, RecursionError) as error:
            if isinstance(error, UserError):
                raise
            raise UserError(f"{name}: is damaged (not JSON); copy it again from the run it belongs to") from error
        return cls.from_json(content, name=name)

    @classmethod
    def from_json(cls, content: object, *, name: str = "tokenizer.json") -> Self:
        """Build a tokenizer from the parsed content of tokenizer.json; `name` is what errors call it."""
        model = content.get("model") if isinstance(content, dict) else None
        if not isinstance(model, dict) or "kind" not in model:
            raise UserError(f"{name}: is not a tokenizer.json of upwell (it names no kind)")
        kind, version = model["kind"], model.get("format")
        if version != 1 or kind not in KINDS:
            raise UserError(
                f"{name}: has kind {kind!r} in format {version!r}; this upwell knows format 1: {', '.join(KINDS)}"
            )
        try:
            if kind == "unigram":
                scores = [(piece, float(score)) for piece, score in model["vocab"]]
                _check_pieces(kind, [piece for piece, _ in scores])
                _require(all(math.isfinite(score) for _, score in scores), "a score is not finite")
                return cls(kind, build_backend(kind, scores, []))
            vocabulary = model["vocab"]
            _require(isinstance(vocabulary, dict) and len(vocabulary) <= MAX_VOCAB_SIZE, "the vocabulary is too large")
            pieces = sorted(vocabulary, key=lambda piece: int(vocabulary[piece]))
            _require([vocabulary[piece] for piece in pieces] == list(range(len(pieces))), "ids are not 0, 1, 2…")
            _check_pieces(kind, pieces)
            merges = [(left, right) for left, right in model["merges"]]
            _require(not merges or kind == "bpe", f"a {kind} tokenizer has no merges")
            known = all(
                left in vocabulary and right in vocabulary and left + right in vocabulary for left, right in merges
            )
            _require(known, "a merge names pieces that are not in the vocabulary")
            return cls(kind, build_backend(kind, [(piece, 0.0) for piece in pieces], merges))
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            reason = str(error) if isinstance(error, UserError) else "its vocabulary is not as it should be"
            raise UserError(f"{name}: is damaged ({reason}); copy it again from the run it belongs to") from error


class StreamDecoder:
    """Turns ids into text one at a time and never gives half a character."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token: int) -> str:
        """Add an id; return the characters that are now complete, often one or more, sometimes none."""
        return self._decoder.decode(self._tokenizer.token_bytes(token))

    def flush(self) -> str:
        """End the text; return U+FFFD for a character that was begun and not completed."""
        return self._decoder.decode(b"", True)


def build_backend(
    kind: str, pieces: Sequence[tuple[str, float]], merges: list[tuple[str, str]]
) -> tokenizers.Tokenizer:
    """Build the library's tokenizer of one kind. `pieces` in the order of their ids, with their scores (unigram only).

    Raises UserError when the library refuses them.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models

    try:
        if kind == "unigram":
            model: Any = models.Unigram(list(pieces))
        else:
            ids = {piece: number for number, (piece, _) in enumerate(pieces)}
            model = models.BPE(ids, merges, byte_fallback=kind == "char", ignore_merges=kind == "word")
        backend = Tokenizer(model)
    except BaseException as error:  # a panic of the library is not an Exception
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise UserError(f"the tokenizers library refuses the vocabulary: {str(error)[:200]}") from error
    if kind == "char":
        backend.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    else:
        backend.pre_tokenizer = pre_tokenizer(kind)
        backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(END_OF_TEXT, special=True, normalized=False)])
    backend.encode_special_tokens = True  # the control token's letters in a text are letters
    return backend


def pre_tokenizer(kind: str, *, bytes_as_letters: bool = True) -> Any:
    """The library's pre-tokenizer of a kind; `bytes_as_letters=False` leaves out the last step, to see the words."""
    from tokenizers import Regex, pre_tokenizers

    steps: list[Any] = []
    if kind == "word":
        steps.append(pre_tokenizers.Split(Regex(r"\p{Han}"), "isolated"))
    if kind != "byte":
        steps.append(pre_tokenizers.Split(Regex(_WORD_PATTERN if kind == "word" else QWEN2_PATTERN), "isolated"))
    if bytes_as_letters:
        steps.append(pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False))
    return pre_tokenizers.Sequence(steps)


@functools.cache
def byte_letters() -> tuple[str, ...]:
    """The printable letter that stands for each byte in byte-level vocabularies (Radford et al. 2019)."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = [byte for byte in range(256) if byte not in printable]
    return tuple(chr(byte) if byte in printable else chr(256 + others.index(byte)) for byte in range(256))


def letters_of(text: str) -> str:
    """A piece of text in the letters of byte-level vocabularies."""
    letters = byte_letters()
    return "".join([letters[byte] for byte in text.encode("utf-8")])


def byte_piece(byte: int) -> str:
    """How a byte is written in the vocabulary of a char tokenizer."""
    return f"<0x{byte:02X}>"


def _safe_chunks(text: str) -> Iterable[str]:
    start, size = 0, _CHUNK_CHARACTERS
    while len(text) - start > size:
        end = find_cut(text, start + size // 2, start + size)
        if not end:
            size *= 2  # one endless word: only a longer part can be cut without changing its tokens
            continue
        yield text[start:end]
        start, size = end, _CHUNK_CHARACTERS
    yield text[start:]


def _surrogate_error(text: str) -> UserError:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return UserError(f"the text holds half of a surrogate pair ({text[error.start]!r}), which is no character")
    raise AssertionError("only surrogates are refused by the library")


def _encode_chunks(backend: tokenizers.Tokenizer, chunks: list[str]) -> Ids:
    encodings = backend.encode_batch_fast(chunks, add_special_tokens=False)
    return np.concatenate([np.array(encoding.ids, np.int32) for encoding in encodings])


def _encode_characters(text: str, ids: Ids) -> Ids:
    found = ids[np.frombuffer(text.encode("utf-32-le"), np.uint32)]
    unknown = found < 0
    if not unknown.any():
        return found
    spelled = [text[place].encode("utf-8") for place in np.flatnonzero(unknown)]
    lengths = np.ones(len(text), np.int64)
    lengths[unknown] = [len(part) for part in spelled]
    starts = np.cumsum(lengths) - lengths
    encoded = np.empty(int(lengths.sum()), np.int32)
    is_byte = np.ones(len(encoded), bool)
    is_byte[starts[~unknown]] = False
    encoded[~is_byte] = found[~unknown]
    encoded[is_byte] = np.frombuffer(b"".join(spelled), np.uint8).astype(np.int32) + 1
    return encoded


def _bytes_of_ids(kind: str, backend: tokenizers.Tokenizer) -> list[bytes]:
    table = [b""] * backend.get_vocab_size()
    values = {letter: byte for byte, letter in enumerate(byte_letters())}
    for piece, token in backend.get_vocab().items():
        if kind != "char":
            table[token] = bytes(values[letter] for letter in piece) if token else b""
        elif token >= FIRST_PIECE:
            table[token] = piece.encode("utf-8")
        elif token:
            table[token] = bytes([token - 1])
    return table


def _character_ids(backend: tokenizers.Tokenizer) -> Ids:
    ids = np.full(0x110000, -1, np.int32)
    for piece, token in backend.get_vocab().items():
        if token >= FIRST_PIECE:
            ids[ord(piece)] = token
    return ids


def _check_pieces(kind: str, pieces: list[Any]) -> None:
    _require(FIRST_PIECE <= len(pieces) <= MAX_VOCAB_SIZE, "the vocabulary is too small or too large")
    _require(
        all(isinstance(piece, str) for piece in pieces) and len(set(pieces)) == len(pieces), "pieces are not texts"
    )
    _require(pieces[0] == END_OF_TEXT, f"id 0 is not {END_OF_TEXT}")
    if kind == "char":
        _require(pieces[1:FIRST_PIECE] == [byte_piece(byte) for byte in range(256)], "bytes are missing")
        _require(all(len(piece) == 1 for piece in pieces[FIRST_PIECE:]), "a piece is not one character")
        "".join(pieces).encode("utf-8")
        return
    letters = set(byte_letters())
    _require(all(piece and letters.issuperset(piece) for piece in pieces[1:]), "a piece is not in byte letters")
    _require(letters.issubset(pieces), "bytes are missing")
    _require(kind != "byte" or pieces[1:] == list(byte_letters()), "a byte tokenizer has 256 bytes in order")


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise UserError(reason)
