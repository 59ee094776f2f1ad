"""Packages that some steps need, imported when the step begins."""

from __future__ import annotations

import importlib
from typing import Any

from upwell.errors import UserError
from upwell.text.cleaning.options import STEPS


def needed(module: str, step: str) -> Any:
    """Import `module`; a UserError that says how to install it, or how to do without, where it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        without = f", or --skip {step}" if step in STEPS else ""
        raise UserError(
            f'step {step} needs the package {module.partition(".")[0]}: pip install "upwell[text]"{without}'
        ) from error
