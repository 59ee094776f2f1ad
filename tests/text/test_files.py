from __future__ import annotations

import errno
import json
import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from upwell.errors import UserError
from upwell.text import files


def _hold_lock(path: str, connection: Connection) -> None:
    with files.lock_file(path):
        connection.send(os.getpid())
        connection.recv()


def test_atomic_write_bytes_replaces_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    files.atomic_write_bytes(path, b"old")
    files.atomic_write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_atomic_write_bytes_leaves_old_file_when_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.atomic_write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_atomic_write_bytes_writes_through_links(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    files.atomic_write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_atomic_write_json_is_utf8_without_nan(tmp_path: Path) -> None:
    files.atomic_write_json(tmp_path / "a.json", {"format": 1, "text": "红"})
    assert "红" in (tmp_path / "a.json").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.atomic_write_json(tmp_path / "a.json", float("nan"))
    assert json.loads((tmp_path / "a.json").read_bytes())["format"] == 1


def test_atomic_folder_appears_complete_or_not_at_all(tmp_path: Path) -> None:
    with files.atomic_folder(tmp_path / "made") as folder:
        (folder / "a").write_bytes(b"1")
        (folder / "deep").mkdir()
        (folder / "deep" / "b").write_bytes(b"2")
        assert not (tmp_path / "made").exists()
    assert (tmp_path / "made" / "deep" / "b").read_bytes() == b"2"
    with pytest.raises(KeyError), files.atomic_folder(tmp_path / "failed") as folder:
        (folder / "a").write_bytes(b"1")
        raise KeyError
    assert os.listdir(tmp_path) == ["made"]


def test_atomic_folder_keeps_what_another_process_made(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), files.atomic_folder(tmp_path / "made") as folder:
        (folder / "a").write_bytes(b"loser")
        (tmp_path / "made").mkdir()
        (tmp_path / "made" / "a").write_bytes(b"winner")
    assert (tmp_path / "made" / "a").read_bytes() == b"winner"
    assert os.listdir(tmp_path) == ["made"]


def test_remove_leftovers_takes_those_of_dead_processes_only(tmp_path: Path) -> None:
    mine = files._temporary_name(tmp_path / "x")
    mine.write_bytes(b"")
    dead = Path(str(mine).replace(f"-{os.getpid()}-", "-999999999-"))
    dead.mkdir()
    (dead / "a").write_bytes(b"1")
    foreign_new = tmp_path / f"{files.TEMPORARY_PREFIX}00000000-1-abcd"
    foreign_new.write_bytes(b"")
    foreign_old = tmp_path / f"{files.TEMPORARY_PREFIX}00000000-2-abcd"
    foreign_old.write_bytes(b"")
    os.utime(foreign_old, (0, 0))
    (tmp_path / "other").write_bytes(b"")
    assert files.remove_leftovers(tmp_path) == sorted([dead.name, foreign_old.name])
    assert sorted(os.listdir(tmp_path)) == sorted([mine.name, foreign_new.name, "other"])
    assert files.remove_leftovers(tmp_path / "missing") == []


def test_lock_file_refuses_a_second_holder_by_process_id(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    message = rf"in use by process {os.getpid()} "
    with files.lock_file(path), pytest.raises(UserError, match=message), files.lock_file(path):
        pass
    with files.lock_file(path):
        pass


def test_lock_file_is_free_after_its_process_is_killed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_hold_lock, args=(str(tmp_path / "lock"), theirs))
    process.start()
    holder = ours.recv()
    with pytest.raises(UserError, match=f"process {holder} "), files.lock_file(tmp_path / "lock"):
        pass
    process.kill()
    process.join()
    with files.lock_file(tmp_path / "lock"):
        pass


def test_remove_folder_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"")
    files.remove_folder(tmp_path / "a")
    assert os.listdir(tmp_path) == []
