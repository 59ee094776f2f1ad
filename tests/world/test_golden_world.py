"""The texts of a version never change: the recorded hashes are those of this program.

A change that alters texts raises VERSION in upwell/world/chance.py; then `python tests/world/test_golden_world.py`
records the new ones.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from upwell.text.examples import LANGUAGES, SPLITS
from upwell.world.chance import VERSION
from upwell.world.corpus import make_example
from upwell.world.specification import LEVELS, VIEW_NAMES, Specification

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "world.json"
EXAMPLES = 3
"""Of each language, level and split."""


def hash_of_view(view: str) -> str:
    """One hash of some examples of a view, with all that is known of them."""
    digest = hashlib.blake2b(digest_size=8)
    for language in LANGUAGES:
        for level in LEVELS:
            for split in SPLITS:
                spec = Specification(views=(view,), languages=(language,), levels=(level,), split=split, seed=1)
                for index in range(EXAMPLES):
                    digest.update(json.dumps(make_example(spec, index).to_dict(), ensure_ascii=False).encode("utf-8"))
    return digest.hexdigest()


@pytest.mark.parametrize("view", VIEW_NAMES)
def test_the_texts_of_this_version_are_those_recorded(view: str) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert golden["version"] == VERSION
    assert golden["hashes"][view] == hash_of_view(view), f"{view} gives other texts: see {Path(__file__).name}"


if __name__ == "__main__":
    record = {"version": VERSION, "hashes": {name: hash_of_view(name) for name in VIEW_NAMES}}
    GOLDEN.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
