"""From raw documents to a prepared text, in steps that can be switched off and are counted."""

from upwell.text.cleaning.options import STEPS, PrepareOptions
from upwell.text.cleaning.preparation import prepare

__all__ = ["STEPS", "PrepareOptions", "prepare"]
