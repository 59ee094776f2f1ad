from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from upwell.text.cache import cache_folder, writable_folder


def test_cache_folder_is_that_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UPWELL_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("UPWELL_CACHE")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == tmp_path / "Library" / "Caches" / "upwell"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_folder() == tmp_path / "local" / "upwell"
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "upwell"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == tmp_path / ".cache" / "upwell"


def test_writable_folder_is_made(tmp_path: Path) -> None:
    assert writable_folder(tmp_path / "a" / "b") == (tmp_path / "a" / "b", None)
    assert os.listdir(tmp_path / "a" / "b") == []


def test_writable_folder_falls_back_to_a_temporary_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    folder, note = writable_folder(tmp_path / "file" / "cache")
    assert folder.is_dir()
    assert note is not None
    assert "UPWELL_CACHE" in note
