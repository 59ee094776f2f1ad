"""The scorecard: all tasks of a model on meanings it has never seen, as figures, as JSON, and kept item by item."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upwell.errors import UserError
from upwell.tasks.answering import Answerer
from upwell.tasks.classification import Classification
from upwell.tasks.generation import Encode, Generation, known_spans
from upwell.tasks.question_answering import QuestionAnswering
from upwell.tasks.summarization import Summarization
from upwell.tasks.task import Evaluation, Item, Task, evaluate_task
from upwell.tasks.translation import Translation
from upwell.text.examples import LANGUAGES, Example, Formats, language_of
from upwell.text.files import atomic_write_bytes
from upwell.world.corpus import make_example
from upwell.world.specification import Specification
from upwell.world.views.views import VIEWS

TASKS = ("generation", "translation", "question_answering", "classification", "summarization")
ITEMS = {"generation": 60, "translation": 200, "question_answering": 300, "classification": 200, "summarization": 100}
"""Test examples of each task; half are English and half Chinese on average."""
BASELINE_EXAMPLES = 500
"""Most training examples that baselines learn from and shots are drawn from; otherwise five times the items."""
LEVELS = (1, 2)

Progress = Callable[[str], None]


def make_tasks(
    names: Sequence[str] = TASKS,
    *,
    train_tokens: NDArray[np.unsignedinteger] | None = None,
    encode: Encode | None = None,
) -> list[Task]:
    """The tasks called `names`; with the training text's tokens and its encoding, stories are searched for copies."""
    novelty = known_spans(train_tokens, encode) if train_tokens is not None and encode is not None else None
    pages: dict[str, Task] = {
        "generation": Generation(novelty),
        "translation": Translation(),
        "question_answering": QuestionAnswering(),
        "classification": Classification(),
        "summarization": Summarization(),
    }
    for name in names:
        if name not in pages:
            near = difflib.get_close_matches(name, pages, n=1)
            hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(pages)}"
            raise UserError(f"--task {name}: unknown; {hint}")
    return [pages[name] for name in names]


def known_tasks(formats: Formats) -> list[str]:
    """The tasks whose prompt formats a model learned, in the order of the scorecard."""
    views = {view for view, _ in formats}
    return [task.name for task in make_tasks() if task.view in views]


def world_examples(
    view: str,
    number: int,
    *,
    split: str,
    languages: Sequence[str] = LANGUAGES,
    levels: Sequence[int] = LEVELS,
    seed: int = 0,
) -> list[Example]:
    """`number` examples of a view."""
    spec = Specification(views=(view,), languages=tuple(languages), levels=tuple(levels), split=split, seed=seed)
    return [make_example(spec, index) for index in range(number)]


def score_world(
    answerer: Answerer,
    tasks: Iterable[Task],
    formats: Formats,
    *,
    shots: int = 0,
    items: int | None = None,
    share: float = 1.0,
    split: str = "test",
    levels: Sequence[int] = LEVELS,
    seed: int = 0,
    progress: Progress = lambda said: None,
) -> list[Evaluation]:
    """Every task on examples of the world, in the languages whose prompt formats the model learned.

    `items` of each task, by default as many as in ITEMS, or a `share` of that.
    """
    found = []
    for task in tasks:
        number = items or max(10, round(share * ITEMS[task.name]))
        progress(f"{task.name}: {number} examples")
        started = time.perf_counter()
        languages = [language for language in LANGUAGES if (task.view, language) in formats]
        drawn = functools.partial(world_examples, task.view, languages=languages, levels=levels, seed=seed)
        examples = drawn(number, split=split)
        train = drawn(min(BASELINE_EXAMPLES, 5 * number), split="train")
        oracle = _understanding(VIEWS[task.view].oracle)
        scored = evaluate_task(task, answerer, examples, train=train, oracle=oracle, shots=shots, seed=seed)
        found.append(dataclasses.replace(scored, seconds=time.perf_counter() - started))
    return found


def _understanding(oracle: Callable[[Example], str]) -> Callable[[Example], str]:
    """`oracle`, with no answer where it cannot read the text: a score below one says so, and the others are kept."""

    def answer(example: Example) -> str:
        try:
            return oracle(example)
        except (IndexError, StopIteration, ValueError):
            return ""

    return answer


def read_examples(path: Path, *, view: str) -> list[Example]:
    """Examples of a file of the user's: a JSON object a line with prompt and answer, and if need be the other fields.

    Raises a UserError that names file, line and what is wrong.
    """
    known = {field.name for field in dataclasses.fields(Example)}
    found = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except ValueError as error:
            raise UserError(f"{path}: line {number}: no JSON ({error})") from error
        wrong = not isinstance(values, dict) or not all(
            isinstance(values.get(key), str) for key in ("prompt", "answer")
        )
        if wrong:
            raise UserError(f"{path}: line {number}: expected an object with texts named prompt and answer")
        given = {key: value for key, value in values.items() if key in known}
        language = given.get("language", language_of(given["prompt"]))
        if language not in ("en", "zh"):
            raise UserError(f"{path}: line {number}: language must be en or zh, not {language!r}")
        defaults = {"kind": "", "level": 0, "split": "test", "meaning": ""}
        options = given.get("options") or ()
        texts = {key: given[key] for key in ("kind", "split", "meaning", "reason") if key in given}
        if not all(isinstance(value, str) for value in (*texts.values(), *options)):
            raise UserError(f"{path}: line {number}: {', '.join([*texts, 'options'])} must be texts")
        found.append(Example(**{**defaults, **given, "language": language, "view": view, "options": tuple(options)}))
    if not found:
        raise UserError(f"{path}: holds no example")
    return found


Scorecard = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""scorecard.TASK.METRIC = what `Metric.to_dict` gives."""


def to_json(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """What is printed and kept of evaluations: `scorecard`, and under `scoring` items and seconds of each task."""
    scored = {task.task: {"items": len(task.items), "seconds": round(task.seconds, 3)} for task in evaluations}
    return {
        "scorecard": {
            task.task: {name: metric.to_dict() for name, metric in task.metrics.items()} for task in evaluations
        },
        "scoring": {"seconds": round(sum(task.seconds for task in evaluations), 3), "tasks": scored},
    }


def headline(scorecard: Scorecard) -> Scorecard:
    """The measures that are shown at the end of a run, of each task as its page says."""
    pages = {task.name: task for task in make_tasks()}
    return {
        name: {
            metric: figure
            for metric, figure in metrics.items()
            if any(fnmatchcase(metric, pattern) for pattern in pages[name].headline)
        }
        for name, metrics in scorecard.items()
    }


def keep_items(evaluations: Sequence[Evaluation], folder: Path, *, source: str = "") -> list[Path]:
    """Write one JSON line per item into `folder`, a file per task, number of shots and `source`; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for evaluation in evaluations:
        lines = [json.dumps(_item(item), ensure_ascii=False) for item in evaluation.items]
        path = folder / "-".join(filter(None, [evaluation.task, f"{evaluation.shots}-shot", source]))
        path = path.with_name(f"{path.name}.jsonl")
        atomic_write_bytes(path, ("\n".join(lines) + "\n").encode("utf-8"))
        paths.append(path)
    return paths


def _item(item: Item) -> dict[str, Any]:
    values = item.example.to_dict()
    values["output"] = item.output
    if item.reason:
        values["output_reason"] = item.reason
    if item.likelihood is not None:
        values |= {"answer_nats": item.likelihood.nats, "answer_tokens": item.likelihood.tokens}
    return values
