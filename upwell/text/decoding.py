"""From bytes to clean text, in a stream: strict decoding, and the three changes that are made to any text.

What is done to every text, in this order:

1. Decoding, UTF-8 unless told otherwise, strictly: a byte that does not fit is an error with its offset.
2. A byte order mark at the start is dropped.
3. Line ends CRLF and CR become LF.
4. Unicode normalisation form C (NFC), so that an accented letter typed in two ways is one character.

Nothing else is changed: no case folding, no trimming, no quotes straightened. `normalize` does 3 and 4 for a string.
With the encoding AUTO each line that is not UTF-8 is read in the encoding it looks most like.
A text of any size is cut into pieces whose tokens, taken piece by piece, are the tokens of the whole.
"""

from __future__ import annotations

import codecs
import functools
import itertools
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from upwell.errors import UserError

PIECE_CHARACTERS = 1 << 20
"""Characters of a piece of text, about: what is in memory at one time."""
ERROR_POLICIES = ("strict", "replace", "ignore")
AUTO = "auto"
"""Stands for: UTF-8, and where it is not, whatever it looks like."""

_GUESSED = [
    "gb18030",
    "big5",
    "shift_jis",
    "euc_jp",
    "euc_kr",
    "cp1252",
    "cp1251",
    "cp1250",
    "cp1253",
    "koi8_r",
    "cp1256",
]
_GUESSES = 300  # lines of a file whose encoding is guessed one by one; after that the most frequent one so far is taken
_FEW_BYTES = 6  # outside ASCII: too few to tell encodings apart
_LONGEST_LINE = 1 << 23  # bytes; a longer one is decoded in parts
_CHECKED = 4096  # characters whose form is checked at once
_MARK_RUN = 256  # combining marks in a row that are put in order together; sorting them takes quadratic time
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
                     (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


class Piece(NamedTuple):
    """A part of a document, of about a million characters at most."""

    text: str
    ends_document: bool
    is_prompt: bool = False
    """What is given to a model, not asked of it: it may weigh less in training."""


def check_encoding(encoding: str, errors: str) -> str:
    """Return Python's name of a text encoding, or AUTO; raise UserError for an unknown encoding or error policy."""
    if errors not in ERROR_POLICIES:
        raise UserError(f"unknown --errors {errors!r}: choose one of {', '.join(ERROR_POLICIES)}")
    if encoding == AUTO:
        return AUTO
    try:
        info = codecs.lookup(encoding)
        "".encode(info.name)  # a codec that is not one of text (hex, zip) refuses this with LookupError
    except (LookupError, ValueError, TypeError) as error:
        raise UserError(
            f"unknown --encoding {encoding!r}: try utf-8, utf-16, latin-1, cp1252, gb18030, big5…"
        ) from error
    return "utf-8" if info.name == "utf-8-sig" else info.name


def decode(
    chunks: Iterable[bytes],
    *,
    name: str,
    encoding: str = "utf-8",
    errors: str = "strict",
    found: Counter[str] | None = None,
) -> Iterator[str]:
    """Decode a stream of bytes, drop its byte order mark and turn CRLF and CR into LF.

    Arguments: `name` is what errors call the input; `found` counts the lines read in other encodings (AUTO).
    Raises UserError with the byte offset and the option that mends it.
    """
    encoding = check_encoding(encoding, errors)
    if encoding == AUTO:
        yield from _decode_by_line(chunks, name, errors, Counter() if found is None else found)
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    fed = 0
    at_start, ends_with_return = True, False
    head = b""
    for chunk, final in _with_final(chunks):
        if fed < 4:
            head = (head + chunk)[:4]
        fed += len(chunk)
        try:
            text = decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            offset = fed - len(error.object) + error.start  # error.object: what was held back, then this chunk
            raise UserError(_decoding_hint(name, encoding, offset, error, head)) from error
        except (UnicodeError, ValueError, OverflowError) as error:
            raise UserError(f"{name}: cannot be decoded as {encoding} ({error}); name its --encoding") from error
        if at_start and text:
            text, at_start = text.removeprefix("\ufeff"), False
        if ends_with_return:  # a CR was held back: it may be the first half of CRLF
            text, ends_with_return = "\r" + text, False
        if text.endswith("\r") and not final:
            text, ends_with_return = text[:-1], True
        if text:
            yield _without_surrogates(text, name, errors) if encoding != "utf-8" else _unix_lines(text)


def _decode_by_line(chunks: Iterable[bytes], name: str, errors: str, found: Counter[str]) -> Iterator[str]:
    source = iter(chunks)
    head = next(source, b"")
    for mark, marked in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            found[marked] += 1
            yield from decode(itertools.chain([head], source), name=name, encoding=marked, errors=errors)
            return
    held, at_start = b"", True
    guess = _Guess(found)
    for chunk, final in _with_final(itertools.chain([head], source)):
        held += chunk
        end = len(held) if final else held.rfind(b"\n") + 1
        if not end and len(held) < _LONGEST_LINE:
            continue
        end = end or _character_end(held)
        lines, held = held[:end], held[end:]
        if lines.endswith(b"\r") and not final:
            lines, held = lines[:-1], b"\r" + held
        try:
            text = lines.decode("utf-8")
        except UnicodeDecodeError:
            text = "".join([guess.decoded(line, name, errors) for line in lines.splitlines(keepends=True)])
        if at_start:
            text, at_start = text.removeprefix("\ufeff"), False
        if text:
            yield _unix_lines(text)


def _character_end(data: bytes) -> int:
    """Where the last whole UTF-8 character of `data` ends."""
    for length in range(1, min(4, len(data)) + 1):
        byte = data[-length]
        if byte < 0x80 or byte >= 0xC0:
            wanted = 1 if byte < 0xC0 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - length if wanted > length else len(data)
    return len(data)


class _Guess:
    """Decodes lines that may be in any encoding; remembers what the lines before were in."""

    def __init__(self, found: Counter[str]) -> None:
        self._found = found
        self._here: Counter[str] = Counter()

    def decoded(self, line: bytes, name: str, errors: str) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            pass
        encoding = self._encoding(line)
        self._found[encoding] += 1
        if encoding != "utf-8":
            self._here[encoding] += 1
        try:
            return line.decode(encoding, errors)
        except UnicodeDecodeError as error:
            found = line[error.start : error.end][:4].hex(" ")
            raise UserError(
                f"{name}: a line is neither UTF-8 nor sound {encoding} (found {found}); name the --encoding, or --errors replace"
            ) from error

    def _encoding(self, line: bytes) -> str:
        usual = self._here.most_common(1)[0][0] if self._here else "cp1252"
        few = sum(byte > 127 for byte in line) < _FEW_BYTES
        if few or self._here.total() >= _GUESSES:
            # Mostly UTF-8 with a broken character or two is not another encoding.
            return "utf-8" if few and line.decode("utf-8", "replace").count("\ufffd") * 2 <= _foreign(line) else usual
        best: Any = _detector()(line, cp_isolation=_GUESSED).best()
        return usual if best is None else str(best.encoding)


def _foreign(line: bytes) -> int:
    return sum(not character.isascii() for character in line.decode("utf-8", "ignore"))


@functools.cache
def _detector() -> Any:
    try:
        from charset_normalizer import from_bytes
    except ImportError as error:
        raise UserError(
            'bytes that are not UTF-8: guessing their encoding needs one more package: pip install "upwell[text]"; or name the --encoding'
        ) from error
    return from_bytes


def normalize(text: str) -> str:
    """Make line ends LF and the text NFC; what sources do to a text, for a text that comes from elsewhere."""
    return _compose(_unix_lines(text))


def replace_surrogates(text: str, *, name: str, errors: str) -> str:
    """Refuse, replace or drop halves of surrogate pairs, which are no characters and have no UTF-8 form."""
    try:
        text.encode("utf-8")  # several times as fast as a search
        return text
    except UnicodeEncodeError:
        pass
    if errors == "strict":
        raise UserError(f"{name}: holds half of a surrogate pair, which is no character: --errors replace mends it")
    return _SURROGATE.sub("\ufffd" if errors == "replace" else "", text)


def cut_pieces(texts: Iterable[str], size: int = PIECE_CHARACTERS) -> Iterator[Piece]:
    """Cut one document, given as a stream of decoded text, into NFC pieces of about `size` characters.

    A cut falls after a newline and before a visible character, or else at the end of a word, where every tokenizer
    here starts afresh; in a text without such a place (half a million Chinese characters without punctuation) it falls
    where NFC at least does not change. Nothing is given for a document without text.
    """
    held, length = [], 0
    ready = ""
    for text in texts:
        held.append(text)
        length += len(text)
        if length < 2 * size:
            continue
        joined = "".join(held)
        start = 0
        while len(joined) - start >= 2 * size:
            end = find_cut(joined, start + size // 2, start + size) or _any_cut(joined, start + size // 2, start + size)
            if ready:
                yield Piece(ready, False)
            ready = _compose(joined[start:end])
            start = end
        held, length = [joined[start:]], len(joined) - start
    rest = _compose("".join(held))
    if ready and rest:
        yield Piece(ready, False)
        ready = ""
    if ready or rest:
        yield Piece(ready or rest, True)


def find_cut(text: str, low: int, high: int) -> int:
    """The last place in (low, high] where cutting `text` changes neither NFC nor any tokenizer's tokens; 0 if none."""
    high = min(high, len(text) - 1)
    place = high + 1
    for _ in range(1000):
        place = text.rfind("\n", low, place - 1) + 1
        if place <= low:
            break
        if not text[place].isspace() and unicodedata.category(text[place])[0] in "LNPS":
            return place
    # The end of a word: no pattern of the pre-tokenizers goes on from a letter to one of these, nor does NFC.
    for place in range(high, max(low, high - 20_000), -1):
        if text[place - 1].isalpha() and unicodedata.category(text[place])[0] in "PSZN":
            return place
    return 0


def _any_cut(text: str, low: int, high: int) -> int:
    for place in range(high, low, -1):
        if unicodedata.category(text[place])[0] not in "MC" and not _is_jamo(text[place]):
            return place
    return high


def _is_jamo(character: str) -> bool:
    return "\u1100" <= character <= "\u11ff"  # vowels and finals of Hangul join the syllable before them


def _with_final(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    for chunk in chunks:
        yield chunk, False
    yield b"", True


def _unix_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _without_surrogates(text: str, name: str, errors: str) -> str:
    return replace_surrogates(_unix_lines(text), name=name, errors=errors)


def _compose(text: str) -> str:
    if text.isascii() or _is_composed(text):
        return text
    runs = list(_long_mark_run().finditer(text))
    if not runs:
        return unicodedata.normalize("NFC", text)
    ends = [0, *(run.end() for run in runs), len(text)]
    return "".join(unicodedata.normalize("NFC", text[start:end]) for start, end in itertools.pairwise(ends))


def _is_composed(text: str) -> bool:
    """Whether `text` is NFC, seen in parts since checking a long run of marks takes quadratic time; False if in doubt."""
    for start in range(0, len(text), _CHECKED):
        if not unicodedata.is_normalized("NFC", text[start : start + _CHECKED]):
            return False
        if start:  # two starters in a row that do not compose: nothing reaches over this place
            pair = text[start - 1 : start + 1]
            if any(map(unicodedata.combining, pair)) or not unicodedata.is_normalized("NFC", pair):
                return False
    return True


_SURROGATE = re.compile("[\ud800-\udfff]")


@functools.cache
def _long_mark_run() -> re.Pattern[str]:
    marks = [code for code in range(0x300, sys.maxunicode + 1) if unicodedata.combining(chr(code))]
    ranges: list[list[int]] = []
    for code in marks:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    letters = "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
    return re.compile(f"[{letters}]{{{_MARK_RUN}}}")


def _decoding_hint(name: str, encoding: str, offset: int, error: UnicodeDecodeError, head: bytes) -> str:
    found = error.object[error.start : error.end][:4].hex(" ")
    for mark, likely in _BYTE_ORDER_MARKS:
        if encoding == "utf-8" and head.startswith(mark):
            return f"{name}: begins with the byte order mark of {likely}, not UTF-8: add --encoding {likely}"
    mend = "--errors replace puts U+FFFD there"
    return f"{name}: byte {offset} is not {encoding} (found {found}); name the file's --encoding, or {mend}"
