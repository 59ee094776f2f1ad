"""Questions about a passage: which field is which, where the answer stands, and which rows can be used.

These forms are read, and fields are found by their usual names:

- SQuAD's nested JSON (`data`, `paragraphs`, `qas`; version 2 with `is_impossible`) and that of CMRC 2018;
- JSON lines with a passage a line and its questions in a list (`qas`, `questions`);
- flat rows of JSON lines, Parquet, CSV or TSV: context, question and answer (a text, a list of texts, a list of objects, or
  `text` and `answer_start` lists), or choices and the place or letter of the right one;
- bAbI's lines (Weston et al. 2015): numbered sentences and, after a tab, answers.

An answer is looked for where its offset says, in characters, else where it stands first. An empty list of answers or
`is_impossible` is a question that its passage doesn't answer; an empty cell of a table is a missing answer.
"""

from __future__ import annotations

import dataclasses
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from upwell.errors import UserError
from upwell.text.formats import CSV, PLAIN, TSV, TextFile
from upwell.text.labelled.parts import checked
from upwell.text.labelled.rows import Answer, Column, Labelled, Question
from upwell.text.labelled.table import Specs, Table, clean, is_missing, labelled_files, name_of, table_of

NAMES: dict[str, tuple[str, ...]] = {
    "context": ("context", "passage", "context_text", "paragraph", "story", "article", "document", "text"),
    "question": ("question", "query", "query_text", "question_text"),
    "answers": ("answers", "answer", "answer_text", "answerkey", "label", "target"),
    "start": ("answer_start", "start", "answer_starts"),
    "choices": ("choices", "options", "endings", "candidates"),
    "impossible": ("is_impossible", "impossible"),
    "id": ("id", "query_id", "qid", "question_id"),
}
"""The usual names of each field, the first that is there wins."""
INNER = ("qas", "questions")
"""Names of a passage's list of questions."""

_BABI_LINE = re.compile(r"(\d+) (.*)")


def read_questions(
    specs: Specs,
    *,
    context: str | None = None,
    question: str | None = None,
    answer: str | None = None,
    extractive: bool | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
) -> Labelled[Question]:
    """Read questions about passages from a file, or from several of one form.

    Arguments: `context`, `question` and `answer`, names of fields or columns, by default guessed; `extractive`, whether a
    question whose answers do not stand in the passage is left out (by default yes, but no where there are choices, and for bAbI).
    Raises UserError where the source cannot be read, has no such fields, or has no question that can be used.
    """
    files = labelled_files(specs, encoding=encoding, errors=errors)
    if files[0].kind == PLAIN and _is_babi(files[0]):
        rows = tuple(row for file in files for row in _babi_rows(file, errors))
        columns = tuple(Column(role, "bAbI", "its format") for role in ("context", "question", "answers"))
        found = Labelled(name=name_of(files), noun="questions", rows=rows, columns=columns)
        return checked(with_answers_inside(found) if extractive else _counted(found))
    table = table_of(files, wanted=(context, question, answer), errors=errors)
    flat = [row for cells in table.rows for row in _unnested(cells)]
    is_table = files[0].kind in (CSV, TSV)
    return _questions(table, flat, {"context": context, "question": question, "answers": answer}, extractive, is_table)


def questions_of(rows: Iterable[Question | Mapping[str, Any]]) -> Labelled[Question]:
    """Questions of Python: rows as they are, and dicts with the fields that files have, flat or nested; whether an answer stands
    in its passage is not asked.

    Raises UserError where fields are missing or no question can be used.
    """
    given = list(rows)
    ready = tuple(row for row in given if isinstance(row, Question))
    dicts = [dict(row) for row in given if not isinstance(row, Question)]
    name = "these questions"
    if not dicts:
        return checked(_counted(Labelled(name=name, noun="questions", rows=ready, columns=())))
    table = Table(name=name, rows=dicts)
    flat = [cells for row in dicts for cells in _unnested(row)]
    found = _questions(table, flat, {}, extractive=False, is_table=False)
    return found.with_rows([*ready, *found.rows])


def _unnested(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Flat rows of nested ones: paragraphs of an article, questions of a passage."""
    if isinstance(paragraphs := row.get("paragraphs"), list):
        for paragraph in paragraphs:
            if isinstance(paragraph, dict):
                yield from _unnested(paragraph)
        return
    for name in INNER:
        inner = row.get(name)
        if isinstance(inner, list) and any(isinstance(one, dict) for one in inner):
            outer = {key: value for key, value in row.items() if key != name}
            yield from ({**outer, **one} for one in inner if isinstance(one, dict))
            return
    yield dict(row)


def _questions(
    table: Table, flat: list[dict[str, Any]], wanted: Mapping[str, str | None], extractive: bool | None, is_table: bool
) -> Labelled[Question]:
    table = dataclasses.replace(table, rows=flat)
    columns = _columns(table, wanted)
    names = {role: column.name for role, column in columns.items()}
    left_out = Counter(table.left_out)
    rows = []
    for cells in flat:
        values = {role: cells.get(name) for role, name in names.items()}
        if is_missing(values["context"]):
            left_out["without a context"] += 1
        elif is_missing(values["question"]):
            left_out["without a question"] += 1
        elif (row := _question(table, values, has_answers=names["answers"] in cells, is_table=is_table)) is None:
            left_out["without a right answer"] += 1
        else:
            rows.append(row)
    found = Labelled(
        name=table.name, noun="questions", rows=tuple(rows), columns=tuple(columns.values()), left_out=dict(left_out)
    )
    if extractive is None:
        extractive = "choices" not in names
    return checked(with_answers_inside(found) if extractive else _counted(found))


def _columns(table: Table, wanted: Mapping[str, str | None]) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for role, names in NAMES.items():
        taken = {column.name for column in found.values()}
        column = table.find(role, wanted.get(role), (name for name in names if name not in taken))
        if column is not None and column.name not in taken:
            found[role] = column
    if not table.is_named and not found:
        found = _guessed(table)
    for role, what in (("context", "passages"), ("question", "questions"), ("answers", "answers")):
        if role not in found:
            raise table.missing(role, what)
    return found


def _guessed(table: Table) -> dict[str, Column]:
    """Of columns without names: the longest is the context, questions end in a mark, answers stand in the context."""
    columns = table.columns
    if len(columns) < 3:
        return {}
    length = {column: sum(len(str(value)) for value in table.values(column)) for column in columns}
    context = max(columns, key=lambda column: length[column])
    marks = {
        column: sum(str(value).rstrip().endswith(("?", "？")) for value in table.values(column)) for column in columns
    }
    question = max((column for column in columns if column != context), key=lambda column: marks[column])
    inside = {
        column: sum(str(row.get(column)) in str(row.get(context)) for row in table.rows[:1000])
        for column in columns
        if column not in (context, question)
    }
    answers = max(inside, key=lambda column: inside[column])
    return {
        "context": Column("context", context, "the longest texts"),
        "question": Column("question", question, "most question marks"),
        "answers": Column("answers", answers, "most often in the context"),
    }


def _question(table: Table, values: Mapping[str, Any], *, has_answers: bool, is_table: bool) -> Question | None:
    """The row of these values; None where it doesn't say what is right."""
    raw = str(values["context"])
    context, question = table.text(raw), table.text(values["question"]).strip()
    name = "" if is_missing(values.get("id")) else table.text(values["id"])
    choices = _choices(table, values.get("choices"))
    if choices:
        place = _choice(values["answers"], values["choices"], choices)
        if place is None:
            return None
        answers: tuple[Answer, ...] = (Answer(choices[place]),)
        return Question(context=context, question=question, answers=answers, choices=choices, choice=place, id=name)
    if _is_true(values.get("impossible")):
        return Question(context=context, question=question, answers=(), id=name)
    pairs = _pairs(values["answers"], values.get("start"))
    if not pairs and (is_table or not has_answers or values["answers"] is None):
        return None
    answers = tuple(dict.fromkeys(_placed(table, raw, context, text, start) for text, start in pairs))
    return Question(context=context, question=question, answers=answers, id=name)


def _pairs(answers: Any, start: Any) -> list[tuple[Any, Any]]:
    """Texts of answers with their offsets, None for none."""
    if isinstance(answers, dict):
        if "text" not in answers:
            return []
        start = answers.get("answer_start", answers.get("start", start))
        answers = answers["text"]
    if not isinstance(answers, list):
        answers = [answers]
    starts = start if isinstance(start, list) else [start] * len(answers) if len(answers) == 1 else []
    pairs = []
    for place, answer in enumerate(answers):
        if isinstance(answer, dict):
            pair = answer.get("text"), answer.get("answer_start", answer.get("start"))
        else:
            pair = answer, starts[place] if place < len(starts) else None
        if not is_missing(pair[0]):
            pairs.append(pair)
    return pairs


def _placed(table: Table, raw: str, context: str, answer: Any, start: Any) -> Answer:
    """The answer where the offset says that it stands in the raw context, else where it stands first, else nowhere."""
    text = table.text(answer)
    place = -1
    if isinstance(start, int | float) or (isinstance(start, str) and start.strip().isdigit()):
        place = len(table.text(raw[: max(0, int(float(start)))]))  # cleaning may have changed lengths before it
    if place < 0 or not context.startswith(text, place):
        text = text.strip()
        place = context.find(text)
    return Answer(text, place if place >= 0 else None)


def _choices(table: Table, value: Any) -> tuple[str, ...]:
    texts = value.get("text") if isinstance(value, dict) else value
    return tuple(table.text(text).strip() for text in texts) if isinstance(texts, list) else ()


def _choice(answer: Any, value: Any, choices: Sequence[str]) -> int | None:
    """The place of the right choice: given as a place, a letter, a label of the list, or as the text itself."""
    if isinstance(answer, list):
        answer = answer[0] if len(answer) == 1 else None
    if isinstance(answer, dict):
        answer = answer.get("text")
    labels = [str(label) for label in value.get("label", [])] if isinstance(value, dict) else []
    said = "" if is_missing(answer) else str(answer).strip()
    if said in labels:
        return labels.index(said)
    if said in choices:
        return choices.index(said)
    if len(said) == 1 and said.upper() in string.ascii_uppercase:
        place = string.ascii_uppercase.index(said.upper())
    elif re.fullmatch(r"\d+(?:\.0)?", said):
        place = int(float(said))
    else:
        return None
    return place if place < len(choices) else None


def _is_true(value: Any) -> bool:
    return value is True or str(value).strip().lower() in ("true", "1", "yes")


def with_answers_inside(found: Labelled[Question]) -> Labelled[Question]:
    """Without the questions whose answers stand nowhere in the passage; a UserError where that is all of them."""
    rows, outside = [], 0
    for row in found.rows:
        inside = tuple(answer for answer in row.answers if answer.start is not None)
        if row.answers and not inside:
            outside += 1
        else:
            rows.append(dataclasses.replace(row, answers=inside))
    if outside and not rows:
        raise UserError(
            f"{found.name}: no answer stands in its passage; offsets count characters, and an answer is copied from the text"
        )
    return _counted(found.with_rows(rows, left_out={"with an answer that is not in the passage": outside}))


def _counted(found: Labelled[Question]) -> Labelled[Question]:
    """The same with the questions counted that their passage does not answer."""
    unanswered = {"questions without an answer": sum(not row.answers for row in found.rows)}
    return dataclasses.replace(found, remarks={**found.remarks, **unanswered})


def _is_babi(file: TextFile) -> bool:
    lines = (line for line in file.lines() if line.strip())
    return next(lines, "").startswith("1 ") and next(lines, "").startswith(("1 ", "2 "))


def _babi_rows(file: TextFile, errors: str) -> Iterator[Question]:
    story: list[str] = []
    name = ""
    for number, line in enumerate(file.lines(), 1):
        if not line.strip():
            continue
        match = _BABI_LINE.fullmatch(line)
        if match is None:
            raise UserError(f"{file.name}: line {number} has no number, as every line of a bAbI file has")
        place, rest = match.groups()
        if place == "1":
            story, name = [], f"{file.path.name}:{number}"
        asked, *answers = rest.split("\t")
        text = clean(asked, name=file.name, errors=errors).strip()
        if not answers:
            story.append(text)
            continue
        context, answer = "\n".join(story), clean(answers[0], name=file.name, errors=errors).strip()
        start = context.find(answer)
        yield Question(
            context=context,
            question=text,
            answers=(Answer(answer, start if start >= 0 else None),),
            id=f"{file.path.name}:{number}",
            story=name,
        )
