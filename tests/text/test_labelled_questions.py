"""Questions about passages: every form that is read, offsets, choices, and what is left out or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from upwell.errors import UserError
from upwell.text.labelled import Answer, hold_out, read_questions

PASSAGE = "Rome is old. Paris is big. Rome is in Italy."


def written(folder: Path, name: str, *rows: Any) -> Path:
    path = folder / name
    text = "".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def asked(**more: Any) -> dict[str, Any]:
    return {"context": PASSAGE, "question": "What is in Italy?", **more}


def test_squad_nested_with_questions_that_have_no_answer(tmp_path: Path) -> None:
    questions = [
        {
            "id": "1",
            "question": "What is in Italy?",
            "answers": [{"text": "Rome", "answer_start": 27}],
            "is_impossible": False,
        },
        {"id": "2", "question": "What is small?", "answers": [], "is_impossible": True},
    ]
    article = {"title": "t", "paragraphs": [{"context": PASSAGE, "qas": questions}]}
    found = read_questions(written(tmp_path, "dev.json", json.dumps({"version": "v2.0", "data": [article]})))
    first, second = found.rows
    assert first.answers == (Answer("Rome", 27),) and first.id == "1" and first.context == PASSAGE
    assert second.answers == () and found.remarks["questions without an answer"] == 1
    assert found.describe()[0].endswith("dev.json: 2 questions")


def test_cmrc_with_its_own_names(tmp_path: Path) -> None:
    row = {
        "context_id": "a",
        "context_text": "北京是首都。",
        "qas": [{"query_id": "a1", "query_text": "首都是哪里？", "answers": ["北京"]}],
    }
    (found,) = read_questions(written(tmp_path, "t.json", json.dumps([row], ensure_ascii=False))).rows
    assert found.answers == (Answer("北京", 0),) and found.id == "a1" and found.question == "首都是哪里？"


@pytest.mark.parametrize(
    "answers",
    [
        {"answers": {"text": ["Rome"], "answer_start": [27]}},
        {"answers": [{"text": "Rome", "answer_start": 27}]},
        {"answer": "Rome", "answer_start": 27},
        {"answers": ["Rome"], "answer_start": [27]},
    ],
)
def test_flat_rows(tmp_path: Path, answers: dict[str, Any]) -> None:
    assert read_questions(written(tmp_path, "t.jsonl", asked(**answers))).rows[0].answers == (Answer("Rome", 27),)


def test_an_answer_is_found_without_or_beside_its_offset(tmp_path: Path) -> None:
    rows = [asked(answer="Paris"), {**asked(answer="big", answer_start=2), "question": "How is Paris?"}]
    starts = [row.answers[0].start for row in read_questions(written(tmp_path, "t.jsonl", *rows)).rows]
    assert starts == [13, 22]


def test_offsets_are_those_of_the_clean_text(tmp_path: Path) -> None:
    context = "Cafe\u0301s\r\nare in Paris, not in Paris."
    row = {"context": context, "question": "Where?", "answers": [{"text": "Paris", "answer_start": 29}]}
    (found,) = read_questions(written(tmp_path, "t.jsonl", row)).rows
    assert found.context == "Caf\u00e9s\nare in Paris, not in Paris."
    assert found.answers[0].start == 27 and found.context[27:32] == "Paris"


def test_tables_with_and_without_names(tmp_path: Path) -> None:
    named = written(tmp_path, "t.csv", "question,context,answer\nWhich?,Rome is old,Rome\nWhat?,Paris is big,\n")
    found = read_questions(named)
    assert found.rows[0].answers == (Answer("Rome", 0),) and found.left_out == {"without a right answer": 1}
    bare = written(
        tmp_path, "t.tsv", "Rome\tWhat is old?\tThey say that Rome is old.\nbig\tHow is it?\tParis, they say, is big.\n"
    )
    assert {column.role: column.name for column in read_questions(bare).columns} == {
        "context": "3",
        "question": "2",
        "answers": "1",
    }
    other = written(tmp_path, "o.csv", "q1,body,a1\nWhich?,Rome is old,Rome\n")
    assert read_questions(other, context="body", question="q1", answer="a1").rows[0].question == "Which?"


@pytest.mark.parametrize(
    ("answer", "choices"),
    [
        (1, ["red", "blue", "green"]),
        ("B", ["red", "blue", "green"]),
        ("blue", ["red", "blue", "green"]),
        ("2", {"text": ["red", "blue", "green"], "label": ["1", "2", "3"]}),
        (["blue"], ["red", "blue", "green"]),
    ],
)
def test_multiple_choice(tmp_path: Path, answer: Any, choices: Any) -> None:
    (found,) = read_questions(written(tmp_path, "t.jsonl", asked(choices=choices, answer=answer))).rows
    assert found.choices == ("red", "blue", "green") and found.choice == 1 and found.answers[0].text == "blue"


def test_a_choice_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "t.jsonl",
        asked(choices=["a b", "c d"], answer=0),
        {**asked(choices=["a", "b"], answer=7), "question": "?"},
    )
    found = read_questions(path)
    assert len(found) == 1 and found.left_out["without a right answer"] == 1


def test_babi(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "qa.txt",
        "1 Mary is here.\n2 John is there.\n3 Where is Mary? \there\t1\n4 Is Mary here?\tyes\t1\n1 Bill left.\n2 Who left?\tBill\t1\n",
    )
    first, second, third = read_questions(path).rows
    assert first.context == "Mary is here.\nJohn is there." and first.question == "Where is Mary?"
    assert first.answers == (Answer("here", 8),) and second.answers == (Answer("yes", None),)
    assert third.context == "Bill left."
    found = read_questions(path, extractive=True)
    assert len(found) == 2 and found.left_out["with an answer that is not in the passage"] == 1


def test_answers_outside_the_passage_are_left_out_and_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "t.jsonl", asked(answers=["Rome"]), {**asked(answers=["London"]), "question": "Which?"})
    assert read_questions(path).left_out == {"with an answer that is not in the passage": 1}
    assert read_questions(path, extractive=False).rows[1].answers == (Answer("London", None),)


def test_rows_that_lack_something_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [
        asked(answers=["Rome"]),
        {"context": PASSAGE, "question": "What?"},
        {**asked(answers=["Rome"]), "question": ""},
    ]
    rows.append({"context": None, "question": "What?", "answers": ["x"]})
    found = read_questions(written(tmp_path, "t.jsonl", *rows))
    assert found.left_out == {"without a right answer": 1, "without a question": 1, "without a context": 1}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "t.jsonl",
            '{"context": "c", "answer": "a"}\n',
            "no column looks like questions; name the one for the question",
        ),
        ("t.tsv", "What is it?\tit\nWho?\tshe\n", "no column looks like passages"),
        ("t.jsonl", '{"context": "abc", "question": "q", "answer": "x"}\n', "no answer stands in its passage"),
        ("t.txt", "1 Mary is here.\n2 John is there.\nWhere?\n", "line 3 has no number"),
        ("t.json", "[]", "holds no rows"),
    ],
)
def test_what_can_not_be_used_is_refused_in_one_line(tmp_path: Path, name: str, content: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_questions(written(tmp_path, name, content))


def test_an_unknown_field_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no column 'contxt' for the context; .* Did you mean 'context'\?"):
        read_questions(written(tmp_path, "t.jsonl", asked(answer="Rome")), context="contxt")


def test_questions_of_one_passage_stay_together(tmp_path: Path) -> None:
    rows = [
        {"context": f"Passage {row % 20} is here.", "question": f"Which {row}?", "answer": "here"} for row in range(100)
    ]
    train, valid = hold_out(read_questions(written(tmp_path, "t.jsonl", *rows)))
    assert len(valid) == 10 and not {row.context for row in train.rows} & {row.context for row in valid.rows}
    with pytest.raises(UserError, match="a single passage"):
        hold_out(train.with_rows(train.rows[:1]))
