"""Labelled data of the user's: texts with labels, questions about passages, sentences with tags, sources with targets, texts with
prompts, documents with summaries.
"""

from upwell.text.labelled.classes import read_classes
from upwell.text.labelled.pairs import TRANSLATIONS, PairRoles, pairs_of, read_pairs
from upwell.text.labelled.parts import hold_out, without_copies
from upwell.text.labelled.questions import questions_of, read_questions, with_answers_inside
from upwell.text.labelled.rows import (
    Answer,
    Column,
    Labelled,
    LabelledText,
    Pair,
    Question,
    SummarizedText,
    TaggedSentence,
)
from upwell.text.labelled.summaries import read_summaries
from upwell.text.labelled.tags import is_entity_scheme, read_tags
from upwell.text.labelled.writings import TUNE, WrittenText, read_writings

__all__ = [
    "TRANSLATIONS",
    "TUNE",
    "Answer",
    "Column",
    "Labelled",
    "LabelledText",
    "Pair",
    "PairRoles",
    "Question",
    "SummarizedText",
    "TaggedSentence",
    "WrittenText",
    "hold_out",
    "is_entity_scheme",
    "pairs_of",
    "questions_of",
    "read_classes",
    "read_pairs",
    "read_questions",
    "read_summaries",
    "read_tags",
    "read_writings",
    "with_answers_inside",
    "without_copies",
]
