"""How much work a run does, and how its learning rate follows."""

from __future__ import annotations

from dataclasses import dataclass

from upwell.errors import UserError
from upwell.model.sizes import parse_count


@dataclass(frozen=True)
class Budget:
    """Exactly one of minutes of training, tokens, or epochs."""

    kind: str
    """minutes, tokens or epochs."""
    amount: float

    def __post_init__(self) -> None:
        if self.kind not in ("minutes", "tokens", "epochs"):
            raise UserError(f"budget {self.kind!r}: minutes, tokens or epochs")
        if not 0 < self.amount < 1e18:
            raise UserError(f"--{self.kind} {self.amount}: give a positive number")

    @classmethod
    def choose(cls, *, minutes: float | None, tokens: float | str | None, epochs: float | None) -> Budget:
        """The one that was given; five minutes if none was; a UserError if several were."""
        given = [
            (kind, parse_count(amount, option="--tokens") if isinstance(amount, str) else amount)
            for kind, amount in (("minutes", minutes), ("tokens", tokens), ("epochs", epochs))
            if amount is not None
        ]
        if len(given) > 1:
            raise UserError(f"give one budget, not {' and '.join('--' + kind for kind, _ in given)}")
        return cls(*given[0]) if given else cls("minutes", 5.0)

    def total_steps(self, *, tokens_per_step: int, steps_per_epoch: int) -> int | None:
        """Steps of the whole run, at least one; None where time decides."""
        if self.kind == "minutes":
            return None
        steps = self.amount / tokens_per_step if self.kind == "tokens" else self.amount * steps_per_epoch
        return max(1, round(steps))

    def share(self, *, step: int, total_steps: int | None, seconds: float) -> float:
        """Share of the budget used before batch number `step`, from 0 to 1."""
        return min(1.0, seconds / (60 * self.amount) if total_steps is None else step / total_steps)


def warmup_stable_decay(share: float, *, warmup: float, decay: float, floor: float) -> float:
    """Factor of the peak learning rate after `share` of the budget.

    Linear rise over the first `warmup`, constant, then linear fall to `floor` over the last `decay` of it
    (Zhai et al. 2022; Hu et al. 2024, section 4; linear as in Hägele et al. 2024).
    """
    rise = min(1.0, share / warmup) if warmup > 0 else 1.0
    left = (1 - share) / decay if decay > 0 else 1.0
    return rise * (floor + (1 - floor) * min(1.0, left))
