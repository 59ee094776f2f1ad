"""Reading files plain or compressed (.gz, .zst) in chunks of bounded size, with one clear error for a damaged one."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from upwell.errors import UserError

CHUNK_BYTES = 1 << 20
COMPRESSIONS = (".gz", ".zst")
_ZSTD_FEED = 1024  # compressed bytes fed at once: 1 KB unfolds to 32 MB at the very most
_ZSTD_WINDOW = 1 << 27


def split_compression(name: str) -> tuple[str, str]:
    """Split a file name into the name without a compression's ending and that ending ("", ".gz" or ".zst")."""
    for ending in COMPRESSIONS:
        if name.lower().endswith(ending):
            return name[: -len(ending)], ending
    return name, ""


def read_chunks(file: IO[bytes], compression: str, name: str) -> Iterator[bytes]:
    """Read an open file from where it stands, decompressed, in chunks of at most some megabytes.

    Raises UserError when the file cannot be read, is truncated or is not of that compression.
    """
    try:
        if compression == ".gz":
            with gzip.GzipFile(fileobj=file, mode="rb") as unzipped:
                yield from _chunks(unzipped)
        elif compression == ".zst":
            yield from _zstd_chunks(file, name)
        else:
            yield from _chunks(file)
    except EOFError as error:
        raise UserError(f"{name}: the compressed file ends too early; copy or download it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{name}: is not a sound gzip file ({error}); copy or download it again") from error
    except OSError as error:
        raise unreadable(name, error) from error


def open_binary(path: Path, name: str) -> IO[bytes]:
    """Open a file for reading; raise UserError when that fails."""
    try:
        return path.open("rb")
    except OSError as error:
        raise unreadable(name, error) from error


def unreadable(name: str, error: OSError) -> UserError:
    """Return the error that says `name` cannot be read, and why."""
    return UserError(f"{name}: cannot be read ({error.strerror or error})")


def _chunks(file: Any) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _zstd_chunks(file: IO[bytes], name: str) -> Iterator[bytes]:
    try:
        import zstandard
    except ImportError as error:
        raise UserError(f'{name}: reading .zst needs one more package: pip install "upwell[text]"') from error
    # Not zstandard's stream_reader: at the end of a truncated file it stops without an error.
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    held, length = [], 0
    frame: Any = None
    try:
        while data := file.read(_ZSTD_FEED):
            while data:
                frame = frame or decompressor.decompressobj()
                part = frame.decompress(data)
                held.append(part)
                length += len(part)
                data = b""
                if frame.eof:
                    data, frame = frame.unused_data, None
            if length >= CHUNK_BYTES:
                yield b"".join(held)
                held, length = [], 0
    except zstandard.ZstdError as error:
        raise UserError(f"{name}: is not a sound zstd file ({error}); copy or download it again") from error
    if frame is not None:
        raise EOFError
    if held:
        yield b"".join(held)
