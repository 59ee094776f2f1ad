"""The example programs do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MAKE_TEXT = Path(__file__).resolve().parents[2] / "examples" / "make_text.py"


def make_text(*arguments: str) -> str:
    done = subprocess.run([sys.executable, str(MAKE_TEXT), *arguments], capture_output=True, check=True)
    return done.stdout.decode("utf-8")


def test_make_text_is_the_same_for_a_seed_and_as_long_as_asked() -> None:
    text = make_text("--bytes", "20000", "--seed", "3")
    assert text == make_text("--bytes", "20000", "--seed", "3") != make_text("--bytes", "20000", "--seed", "4")
    assert 20_000 <= len(text.encode("utf-8")) < 22_000


def test_make_text_does_not_repeat_its_stories() -> None:
    stories = make_text("--bytes", "200000").strip().split("\n\n")
    assert len(set(stories)) > 0.99 * len(stories)
