"""The five tasks: what is asked, how an answer is measured, and what is no achievement."""

from upwell.tasks.answering import Answerer, FixedAnswerer, Likelihood, ModelAnswerer
from upwell.tasks.classification import Classification
from upwell.tasks.generation import Generation
from upwell.tasks.question_answering import QuestionAnswering
from upwell.tasks.summarization import Summarization
from upwell.tasks.task import Evaluation, Item, Metric, Task, evaluate_task
from upwell.tasks.translation import Translation

__all__ = [
    "Answerer",
    "Classification",
    "Evaluation",
    "FixedAnswerer",
    "Generation",
    "Item",
    "Likelihood",
    "Metric",
    "ModelAnswerer",
    "QuestionAnswering",
    "Summarization",
    "Task",
    "Translation",
    "evaluate_task",
]
