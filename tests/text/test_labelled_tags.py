"""Sentences with tags: the three forms, and what is left out or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from upwell.errors import UserError
from upwell.text.labelled import TaggedSentence, hold_out, is_entity_scheme, read_tags

CONLLU = """# sent_id = 1
# text = I can't.
1\tI\ti\tPRON\tPRP\t_\t3\tnsubj\t_\t_
2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
2\tca\tcan\tAUX\tMD\t_\t0\troot\t_\t_
3\tn't\tnot\tPART\tRB\t_\t2\tadvmod\t_\t_
3.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t_\t_

# sent_id = 2
1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_
2\t#\t#\tSYM\t_\t_\t1\tdep\t_\t_
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_conllu(tmp_path: Path) -> None:
    path = written(tmp_path, "t.conllu", CONLLU)
    found = read_tags(path)
    assert found.rows == (
        TaggedSentence(("I", "ca", "n't"), ("PRON", "AUX", "PART")),
        TaggedSentence(("Go", "#"), ("VERB", "SYM")),
    )
    assert found.describe()[:2] == [f"{path}: 2 sentences with 5 tags", "words: FORM (CoNLL-U); tags: UPOS (CoNLL-U)"]
    assert [row.others for row in found.rows] == [("PRP", "MD", "RB"), ()]  # of "#" it has none
    finer = read_tags(path, tags="xpos")
    assert finer.rows[0].others == ("PRON", "AUX", "PART")
    assert finer.rows[0].tags == ("PRP", "MD", "RB") and finer.left_out == {"with a word that has no tag": 1}
    with pytest.raises(UserError, match="unknown column 'pos' of CoNLL-U: choose upos or xpos"):
        read_tags(path, tags="pos")


@pytest.mark.parametrize("name", ["t.tsv", "t.txt", "t.conll"])
def test_lines_of_words_and_tags(tmp_path: Path, name: str) -> None:
    found = read_tags(written(tmp_path, name, "John\tB-PER\nSmith\tI-PER\n#\tO\n\n\nLondon\tB-LOC\n"))
    assert found.rows[0] == TaggedSentence(("John", "Smith", "#"), ("B-PER", "I-PER", "O"))
    assert len(found) == 2 and is_entity_scheme(found.labels)


def test_lines_of_conll_2003(tmp_path: Path) -> None:
    text = "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n"
    found = read_tags(written(tmp_path, "eng.train", text))
    assert found.rows == (TaggedSentence(("EU", "rejects"), ("B-ORG", "O")),)


def test_lists_in_json_lines(tmp_path: Path) -> None:
    rows = [
        {"tokens": ["a", "b"], "ner_tags": [0, 3]},
        {"tokens": ["c"], "ner_tags": [0, 1]},
        {"tokens": ["d"], "ner_tags": [None]},
        {"tokens": [], "ner_tags": []},
        {"tokens": ["e"]},
    ]
    found = read_tags(written(tmp_path, "t.jsonl", "\n".join(map(json.dumps, rows))))
    assert found.rows == (TaggedSentence(("a", "b"), ("0", "3")),)
    assert found.left_out == {
        "with other numbers of words and tags": 1,
        "with a word that has no tag": 2,
        "without words": 1,
    }
    text = read_tags(written(tmp_path, "s.jsonl", '{"s": "a b", "t": "X Y"}\n'), words="s", tags="t")
    assert text.rows == (TaggedSentence(("a", "b"), ("X", "Y")),)


def test_what_is_an_entity_scheme() -> None:
    assert is_entity_scheme(["O", "B-X", "I-X"]) and is_entity_scheme(["O", "B-X", "E-X", "S-X"])
    assert not is_entity_scheme(["NOUN", "B-X"]) and not is_entity_scheme(["O"])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.conllu", "", "is empty"),
        ("t.tsv", "\n\n", "holds no sentences"),
        ("t.tsv", "John\tX\nSmith\n", "line 2 has no tag"),
        ("t.tsv", "John\tX\nSmith\tX\n", "every word has the tag 'X'"),
        ("t.csv", "word,tag\nJohn,X\n", "tagged sentences are read from CoNLL-U"),
        ("t.jsonl", '{"a": 1}\n', "no column looks like lists of tags"),
    ],
)
def test_what_can_not_be_used_is_refused_in_one_line(tmp_path: Path, name: str, content: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_tags(written(tmp_path, name, content))


def test_equal_sentences_stay_together(tmp_path: Path) -> None:
    text = "".join(f"word{row % 40}\tX\nend\tY\n\n" for row in range(100))
    found = read_tags(written(tmp_path, "t.tsv", text))
    assert found.remarks["copies of another row"] == 60
    train, valid = hold_out(found)
    assert len({row.words for row in valid.rows}) == 4 and not {row.words for row in train.rows} & {
        row.words for row in valid.rows
    }


def test_entities_as_spans_of_characters(tmp_path: Path) -> None:
    text = "Cafe\u0301 owner John Smith, of New York, left. 王明到了北京。"
    spans = [
        [12, 22, "PER"],
        {"start": 27, "end": 35, "label": "LOC"},
        {"start_offset": 43, "end_offset": 45, "type": "PER"},
    ]
    rows = [
        {"tokens": ["not", "these"], "text": text, "entities": spans},
        {"text": "Nothing here", "entities": []},
        {"text": "Overlap here", "entities": [[0, 7, "X"], [3, 9, "X"]]},
        {"text": "Far", "entities": [[0, 9, "X"]]},
        {"text": "None", "entities": None},
    ]
    found = read_tags(written(tmp_path, "t.jsonl", "\n".join(map(json.dumps, rows))))
    first = dict(zip(found.rows[0].words, found.rows[0].tags, strict=True))
    assert first["John"] == "B-PER" and first["Smith"] == "I-PER" and first["owner"] == "O" and first["of"] == "O"
    assert first["New"] == "B-LOC" and first["York"] == "I-LOC" and first["王"] == "B-PER" and first["明"] == "I-PER"
    assert first["到"] == "O" and found.rows[0].words[0] == "Caf\u00e9"
    assert found.rows[1].tags == ("O", "O")
    assert found.left_out == {"with spans that overlap or are not in the text": 2, "without a list of spans": 1}
