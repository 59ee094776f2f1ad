"""Labelled data of the user's: texts with labels, questions about passages, sentences with tags."""

from upwell.text.labelled.classes import read_classes
from upwell.text.labelled.parts import hold_out, without_copies
from upwell.text.labelled.questions import questions_of, read_questions, with_answers_inside
from upwell.text.labelled.rows import Answer, Column, Labelled, LabelledText, Question, TaggedSentence
from upwell.text.labelled.tags import is_entity_scheme, read_tags

__all__ = [
    "Answer",
    "Column",
    "Labelled",
    "LabelledText",
    "Question",
    "TaggedSentence",
    "hold_out",
    "is_entity_scheme",
    "questions_of",
    "read_classes",
    "read_questions",
    "read_tags",
    "with_answers_inside",
    "without_copies",
]
