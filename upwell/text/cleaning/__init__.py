"""From raw documents to a prepared text, in steps that can be switched off and are counted."""

from upwell.text.cleaning.options import STEPS, PrepareOptions

__all__ = ["STEPS", "PrepareOptions"]
