"""The library's front door: train a model, load it, let it write, measure it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from upwell.api.encoding import Encoder as Encoder
    from upwell.api.evaluation import evaluate as evaluate
    from upwell.api.evaluation import score as score
    from upwell.api.language_model import LanguageModel as LanguageModel
    from upwell.api.preparing import prepare as prepare
    from upwell.api.question_answerer import QuestionAnswerer as QuestionAnswerer
    from upwell.api.summarizer import Summarizer as Summarizer
    from upwell.api.tagger import Tagger as Tagger
    from upwell.api.text_classifier import TextClassifier as TextClassifier
    from upwell.api.training_runs import train as train
    from upwell.api.training_runs import train_run as train_run
    from upwell.api.translator import Translator as Translator
    from upwell.api.writer import Writer as Writer

_HOMES = {
    "Encoder": "encoding",
    "LanguageModel": "language_model",
    "QuestionAnswerer": "question_answerer",
    "Summarizer": "summarizer",
    "Tagger": "tagger",
    "TextClassifier": "text_classifier",
    "Translator": "translator",
    "Writer": "writer",
    "evaluate": "evaluation",
    "prepare": "preparing",
    "score": "evaluation",
    "train": "training_runs",
    "train_run": "training_runs",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: whoever writes a text need not wait for what summarizes one."""
    if name in _HOMES:
        return getattr(import_module(f"upwell.api.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'upwell.api' has no attribute {name!r}")
