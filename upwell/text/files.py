"""Writing files so that a reader, a crash or a full disk never meets half of one.

Everything is written under a temporary name beside its place, synced to the disk, and renamed. A temporary name holds
the process id and a mark of the machine, so that what a killed process left behind can be recognised and removed.
Errors of the disk (no space, no permission) are OSError and leave what was there before untouched.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import platform
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from upwell.errors import UserError

TEMPORARY_PREFIX = ".upwell-tmp-"
_LEFTOVER_AGE = 24 * 3600.0  # seconds after which a temporary of another machine counts as left behind
_ESCAPED = re.compile("[\udc80-\udcff]")
_LOCK_OFFSET = 1 << 30  # Windows locks are mandatory: a byte far behind the text leaves the process id readable


def atomic_write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path` so that the file is either as before or complete, even if the power fails.

    Raises OSError (for example when the disk is full); the old file is then intact and no temporary file is left.
    """
    atomic_write_chunks(path, [data])


def atomic_write_chunks(path: str | os.PathLike[str], chunks: Iterable[bytes | memoryview]) -> None:
    """`atomic_write_bytes` of one chunk after the other, which need not be in memory all at once."""
    target = Path(os.path.realpath(path))  # the file behind a link is replaced, not the link
    temporary = _temporary_name(target)
    try:
        with _create(temporary) as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        _replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(target.parent)


def text_of_argument(word: str) -> str:
    """A command-line word or file name as the text it is, whatever the locale Python took it for; else unchanged.

    In an old locale (LC_ALL=C) every byte that is not ASCII arrives as half of a surrogate pair (PEP 383).
    """
    return os.fsencode(word).decode("utf-8", "surrogateescape") if _ESCAPED.search(word) else word


def argument_of_text(text: str) -> str:
    """The word by which this process's locale names the file that `text` names; the inverse of `text_of_argument`."""
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


def atomic_write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write `value` as indented UTF-8 JSON with a final newline, by `atomic_write_bytes`; NaN is a ValueError."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    atomic_write_bytes(path, (text + "\n").encode("utf-8", "surrogateescape"))


@contextlib.contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary folder to fill; when the block ends well it becomes `path`, all at once.

    The files are synced before the rename and the parent folder after it. When the block raises, the temporary folder
    is removed and the error goes on.

    Raises FileExistsError if `path` exists, at the start or by the time of the rename (another process was quicker).
    """
    target = Path(os.path.abspath(path))
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(target)
    temporary.mkdir()
    try:
        yield temporary
        for folder, _, names in os.walk(temporary, topdown=False):
            for name in names:
                _sync_file(Path(folder, name))
            sync_folder(Path(folder))
        try:
            os.rename(temporary, target)
        except OSError as error:
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
            raise
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_folder(target.parent)


def remove_folder(path: str | os.PathLike[str]) -> None:
    """Remove a folder so that its name never stands for half of it: rename it to a temporary name, then delete."""
    target = Path(os.path.abspath(path))
    temporary = _temporary_name(target)
    os.rename(target, temporary)
    shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: str | os.PathLike[str]) -> list[str]:
    """Remove the temporary files and folders that killed processes left in `folder`.

    What a living process of this machine is writing stays, and so does what another machine wrote in the last day.

    Returns the names that were removed, sorted.
    """
    removed = []
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    for entry in entries:
        if not entry.name.startswith(TEMPORARY_PREFIX) or not _is_left_behind(entry):
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                os.unlink(entry.path)
        if not os.path.lexists(entry.path):
            removed.append(entry.name)
    return removed


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` survive a power failure; nothing to do where a folder cannot be opened (Windows)."""
    if os.name == "nt":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder one may write into but not list
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):  # some network and FUSE file systems
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def lock_file(path: str | os.PathLike[str]) -> Iterator[None]:
    """Hold an exclusive lock on the file `path` while the block runs.

    The operating system drops the lock when the process ends, `kill -9` included, so no lock is ever stale. The file
    stays afterwards: removing it would let two processes lock two files of the same name.

    Raises UserError, naming the process, when another one (or another block of this one) holds the lock.
    """
    target = Path(path)
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _try_lock(descriptor):
            holder = os.read(descriptor, 32).split(b"\n")[0]
            who = f"process {int(holder)}" if holder.isdigit() else "another process"
            raise UserError(
                f"{target.parent} is in use by {who} (lock file {target.name}): wait until it ends or stop it"
            )
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
            _unlock(descriptor)
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCK_OFFSET, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCK_OFFSET, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        # flock belongs to the open file, not to the process, so it also keeps out a second block of this process.
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _machine_mark() -> str:
    return hashlib.blake2b(platform.node().encode("utf-8", "replace"), digest_size=4).hexdigest()


def _temporary_name(target: Path) -> Path:
    return target.parent / f"{TEMPORARY_PREFIX}{_machine_mark()}-{os.getpid()}-{secrets.token_hex(4)}"


def _is_left_behind(entry: os.DirEntry[str]) -> bool:
    parts = entry.name.removeprefix(TEMPORARY_PREFIX).split("-")
    if len(parts) == 3 and parts[0] == _machine_mark() and parts[1].isdigit():
        return not _is_running(int(parts[1]))
    try:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _LEFTOVER_AGE
    except OSError:
        return False


if sys.platform == "win32":
    import ctypes

    def _is_running(process: int) -> bool:
        # os.kill(process, 0) would send Ctrl-C on Windows. 0x1000: PROCESS_QUERY_LIMITED_INFORMATION; 259: still active
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x1000, False, process)
        if not handle:
            return False
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == 259

else:

    def _is_running(process: int) -> bool:
        try:
            os.kill(process, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        return True


def _create(path: Path) -> Any:
    # Not tempfile: its files are private (mode 600), and a saved model should follow the user's umask.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    return os.fdopen(descriptor, "wb")


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))  # Windows syncs only what is open for writing
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(temporary: Path, target: Path) -> None:
    for attempt in range(20):
        try:
            os.replace(temporary, target)
            return
        except PermissionError:
            # On Windows a reader (often a virus scanner) keeps a file from being replaced for a moment.
            if os.name != "nt" or attempt == 19:
                raise
            time.sleep(0.05)
