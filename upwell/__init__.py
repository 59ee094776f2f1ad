"""Upwell: from text to a language model, on the machine you have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from upwell.api import Encoder as Encoder
    from upwell.api import LanguageModel as LanguageModel
    from upwell.api import QuestionAnswerer as QuestionAnswerer
    from upwell.api import Summarizer as Summarizer
    from upwell.api import Tagger as Tagger
    from upwell.api import TextClassifier as TextClassifier
    from upwell.api import Translator as Translator
    from upwell.api import Writer as Writer
    from upwell.api import evaluate as evaluate
    from upwell.api import prepare as prepare
    from upwell.api import train as train

__version__ = "0.1.0"
__all__ = [
    "Encoder",
    "LanguageModel",
    "QuestionAnswerer",
    "Summarizer",
    "Tagger",
    "TextClassifier",
    "Translator",
    "Writer",
    "__version__",
    "evaluate",
    "prepare",
    "train",
]

# Idle OpenMP threads must not spin for long: beside one busy process two spinning threads were six times slower than one.
# Nor should they sleep at once: waking them costs more than a short wait (docs/experiments.md, "waiting"). The library
# reads this when torch is loaded, so it is set here; what the user has set stands.
if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & os.environ.keys():
    os.environ.update(OMP_WAIT_POLICY="PASSIVE", GOMP_SPINCOUNT="300")


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used: torch takes over a second."""
    if name in __all__:
        from upwell import api

        return getattr(api, name)
    raise AttributeError(f"module 'upwell' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, imported or not, for completion in a shell."""
    return sorted(__all__)
