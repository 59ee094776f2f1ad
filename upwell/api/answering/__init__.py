"""Answering questions about passages: by a piece of the passage, by one of several choices, by a word of a list."""

from upwell.api.answering.manners import MANNERS, Manner, load_answerer, manner_of
from upwell.api.answering.replies import AnswererModel, Reply
from upwell.api.answering.task import Answer

__all__ = ["MANNERS", "Answer", "AnswererModel", "Manner", "Reply", "load_answerer", "manner_of"]
