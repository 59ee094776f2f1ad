"""Budgets and the learning rate that follows them."""

from __future__ import annotations

import pytest

from upwell.errors import UserError
from upwell.training.schedules import Budget, warmup_stable_decay


def test_choose_takes_exactly_one_budget() -> None:
    assert Budget.choose(minutes=None, tokens=None, epochs=None) == Budget("minutes", 5.0)
    assert Budget.choose(minutes=None, tokens=1e6, epochs=None) == Budget("tokens", 1e6)
    with pytest.raises(UserError, match="one budget, not --minutes and --epochs"):
        Budget.choose(minutes=1, tokens=None, epochs=2)


@pytest.mark.parametrize("amount", [0, -1, float("nan"), float("inf")])
def test_a_budget_must_be_positive(amount: float) -> None:
    with pytest.raises(UserError, match="--tokens"):
        Budget("tokens", amount)


def test_steps_follow_from_tokens_and_epochs_but_not_from_minutes() -> None:
    assert Budget("tokens", 1000).total_steps(tokens_per_step=64, steps_per_epoch=7) == 16
    assert Budget("epochs", 2.5).total_steps(tokens_per_step=64, steps_per_epoch=8) == 20
    assert Budget("tokens", 1).total_steps(tokens_per_step=64, steps_per_epoch=8) == 1
    assert Budget("minutes", 2).total_steps(tokens_per_step=64, steps_per_epoch=8) is None
    assert Budget("minutes", 2).share(step=99, total_steps=None, seconds=30) == 0.25
    assert Budget("tokens", 640).share(step=5, total_steps=10, seconds=1e9) == 0.5


def test_the_rate_rises_stays_and_falls_to_its_floor() -> None:
    rates = [warmup_stable_decay(i / 100, warmup=0.1, decay=0.4, floor=0.05) for i in range(101)]
    assert rates[0] == 0 and rates[5] == pytest.approx(0.5)
    assert rates[10:60] == [1.0] * 50
    assert rates[80] == pytest.approx(0.525) and rates[100] == pytest.approx(0.05)
    assert warmup_stable_decay(0.0, warmup=0.0, decay=0.0, floor=0.0) == 1.0
