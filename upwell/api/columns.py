"""What `--columns` names."""

from __future__ import annotations

from collections.abc import Sequence

from upwell.errors import UserError
from upwell.training.options import TrainOptions


def columns_of(options: TrainOptions, roles: Sequence[str] | None) -> dict[str, str]:
    """The columns that were named, by role; `roles`: those that there are, None: any. A UserError for another one."""
    found = {}
    for part in (options.columns or "").split(","):
        role, sign, name = (piece.strip() for piece in part.partition("="))
        is_known = bool(sign and role and name) if roles is None else bool(sign) and role in roles
        if part and not is_known:
            usage = ",".join(f"{role}=NAME" for role in roles or ("text", "prompt"))
            raise UserError(f"--columns {options.columns}: write {usage}, or some of them")
        if part:
            found[role] = name
    return found
