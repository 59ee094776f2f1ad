"""Summaries of documents, learned from documents with their summaries."""

from upwell.api.summarizing.extracts import ExtractModel
from upwell.api.summarizing.selection import Limits
from upwell.api.summarizing.task import Summarize
from upwell.api.summarizing.training import ExtractTraining

__all__ = ["ExtractModel", "ExtractTraining", "Limits", "Summarize"]
