from __future__ import annotations

from benchmarks.fuzz import TARGETS, fuzz


def test_readers_of_damaged_files_raise_user_errors_only() -> None:
    failures, outcomes = fuzz(
        900, seed=1, targets={name: TARGETS[name] for name in ("sources", "tokenizers", "stores")}
    )
    assert failures == []
    assert outcomes["sources refused"] > 50
    assert outcomes["sources read"] > 50
