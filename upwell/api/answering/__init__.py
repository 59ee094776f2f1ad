"""Answering questions about passages: by a piece of the passage, by one of several choices, by a word of a list."""

from upwell.api.answering.manners import MANNERS, AnyAnswerer, Manner, manner_of
from upwell.api.answering.replies import AnswererModel, Reply
from upwell.api.answering.task import Answer, usable

__all__ = ["MANNERS", "Answer", "AnswererModel", "AnyAnswerer", "Manner", "Reply", "manner_of", "usable"]
