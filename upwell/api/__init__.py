"""The library's front door: train a model, load it, let it write, measure it."""

from upwell.api.encoding import Encoder
from upwell.api.evaluation import evaluate, score
from upwell.api.language_model import LanguageModel
from upwell.api.preparing import prepare
from upwell.api.question_answerer import QuestionAnswerer
from upwell.api.summarizer import Summarizer
from upwell.api.tagger import Tagger
from upwell.api.text_classifier import TextClassifier
from upwell.api.training_runs import train, train_run
from upwell.api.translator import Translator
from upwell.api.writer import Writer

__all__ = [
    "Encoder",
    "LanguageModel",
    "QuestionAnswerer",
    "Summarizer",
    "Tagger",
    "TextClassifier",
    "Translator",
    "Writer",
    "evaluate",
    "prepare",
    "score",
    "train",
    "train_run",
]
