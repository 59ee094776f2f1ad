"""Scores of extracted answers and entities beside the scripts that define them: equal on thousands of random sets.

    python -m benchmarks.squad_metric
    python -m benchmarks.squad_metric --sets 100 --keep-nothing
    python -m benchmarks.squad_metric --record                # writes tests/golden/answer_metrics.json

The peers are the official scripts of SQuAD 1.1, SQuAD 2.0 and CMRC 2018, as the package paddlehub 1.8.2 holds them, and seqeval
1.2.2 for entities. A set has 5 questions with up to three right answers (in SQuAD 2.0 also none) and an output for
each, made of words, articles, marks, Han characters and letters of many scripts, often near a right answer; or 5 sentences with
tags that often break the rules of their scheme. The script of CMRC calls nltk's word tokenizer, which finds sentences by a model that
has to be downloaded; here, as in Upwell, it takes each run of letters as one sentence.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.peer_venv import peer_environment, peer_python
from benchmarks.report import call, write_result
from upwell.tasks.entity_metrics import entity_measures
from upwell.tasks.extraction_metrics import best_no_answer_threshold, cmrc_measures, squad_f1, squad_measures
from upwell.text.files import atomic_write_bytes

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden" / "answer_metrics.json"
NO_DEPENDENCIES = ["--no-deps"]
SCRIPTS = ("paddlehub==1.8.2", "nltk==3.9.1", "numpy<3", "regex", "click", "joblib", "tqdm")
SEQEVAL = ("seqeval==1.2.2", "scikit-learn>=1.4", "setuptools<81")
WORDS = "the a an The of in 1999 3.5 U.S. don't Notre Dame's café Straße well-known (city) “Rome” cannot x".split()
HAN = "北京大学在一九九八年，。（）《史记》A1 b·、-:3"
MARKS = ["", "", ".", ",", "!", " ", "  ", "—", "\u00a0"]
TAGS = ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "E-PER", "S-LOC"]
SETS_OF_GOLDEN = 60
QUESTIONS = 5
"""In a set."""

OFFICIAL = r"""
import functools, importlib.util, json, pathlib, sys, types
import numpy, nltk
nltk.word_tokenize = functools.partial(nltk.word_tokenize, preserve_line=True)
for name in ("paddlehub", "paddlehub.common", "paddlehub.common.dir", "paddlehub.common.downloader"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["paddlehub.common.dir"].THIRD_PARTY_HOME = sys.argv[2]
sys.modules["paddlehub.common.downloader"].default_downloader = None
(pathlib.Path(sys.argv[2]) / "nltk_data/tokenizers/punkt").mkdir(parents=True, exist_ok=True)
folder = next(pathlib.Path(sys.prefix).glob("lib/python*/site-packages/paddlehub/finetune/evaluator"))
def load(name):
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
one, two, cmrc = load("squad1_evaluate"), load("squad2_evaluate"), load("cmrc2018_evaluate")
found = []
for case in json.load(open(sys.argv[1], encoding="utf-8")):
    questions = [{"id": str(i), "question": "?", "answers": [{"text": text} for text in right]} for i, right in enumerate(case["answers"])]
    data = [{"paragraphs": [{"qas": questions}]}]
    said = {str(i): text for i, text in enumerate(case["outputs"])}
    if case["kind"] == "squad1":
        found.append(one.evaluate(data, said))
    elif case["kind"] == "cmrc":
        f1, exact, *_ = cmrc.evaluate(data, said)
        found.append({"exact_match": exact, "f1": f1})
    else:
        has_answer = two.make_qid_to_has_ans(data)
        exact, f1 = two.get_raw_scores(data, said)
        result = two.make_eval_dict(exact, f1)
        for name, which in (("answerable", True), ("unanswerable", False)):
            ids = [key for key, value in has_answer.items() if value is which]
            if ids:
                part = two.make_eval_dict(exact, f1, qid_list=ids)
                result[f"exact_match_{name}"], result[f"f1_{name}"] = part["exact"], part["f1"]
        best = two.find_best_thresh(said, f1, {str(i): p for i, p in enumerate(case["no_answer"])}, has_answer)
        result["best_f1"], result["threshold"] = best[:2]
        result["exact_match"] = result.pop("exact")
        result.pop("total")
        found.append(result)
print(json.dumps({"found": found}))
"""

ENTITIES = r"""
import json, sys, warnings
warnings.simplefilter("ignore")
from seqeval.metrics import f1_score, precision_score, recall_score
found = []
for case in json.load(open(sys.argv[1], encoding="utf-8")):
    each = f1_score(case["tags"], case["guesses"], average=None)
    found.append({"precision": precision_score(case["tags"], case["guesses"]), "recall": recall_score(case["tags"], case["guesses"]),
                  "f1": f1_score(case["tags"], case["guesses"]), "each": [float(value) for value in each]})
print(json.dumps({"found": found}))
"""


def random_answer(draw: random.Random, kind: str) -> str:
    if kind == "cmrc":
        return "".join(draw.choice([*HAN, *(f" {word} " for word in WORDS[:8])]) for _ in range(draw.randint(1, 9)))
    return "".join(draw.choice(WORDS) + draw.choice(MARKS) + " " for _ in range(draw.randint(1, 5))).strip()


def near(draw: random.Random, text: str, other: str) -> str:
    """The text, a part of it, the text with marks and case changed, another text, or nothing."""
    pieces = text.split(" ")
    start = draw.randrange(len(pieces))
    end = draw.randint(start, len(pieces))
    return draw.choice(
        [text, " ".join(pieces[start:end]), f"The {text.upper()} .", text[1:], other, text + other, "", "a"]
    )


def random_case(draw: random.Random, kind: str, *, questions: int = QUESTIONS) -> dict[str, Any]:
    answers = [[random_answer(draw, kind) for _ in range(draw.randint(1, 3))] for _ in range(questions)]
    outputs = [near(draw, draw.choice(right), random_answer(draw, kind)) for right in answers]
    if kind == "squad2":
        answers = [right if draw.random() < 0.7 else [] for right in answers]
    return {
        "kind": kind,
        "answers": answers,
        "outputs": outputs,
        "no_answer": [draw.random() for _ in range(questions)],
    }


def random_tags(draw: random.Random, *, sentences: int = QUESTIONS) -> dict[str, Any]:
    tags = [[draw.choice(TAGS) for _ in range(draw.randint(1, 9))] for _ in range(sentences)]
    guesses = [[tag if draw.random() < 0.7 else draw.choice(TAGS) for tag in sentence] for sentence in tags]
    return {"kind": "entities", "tags": tags, "guesses": guesses}


def ours(case: dict[str, Any]) -> dict[str, Any]:
    """What Upwell says of a set, in the form of the peers' answers: percent for questions."""
    if case["kind"] == "entities":
        values = {name: measure.value() for name, measure in entity_measures(case["tags"], case["guesses"]).items()}
        return {
            **{name: values[name] for name in ("precision", "recall", "f1")},
            "each": [value for name, value in values.items() if name.startswith("f1_")],
        }
    answers, outputs = case["answers"], case["outputs"]
    if case["kind"] == "cmrc":
        return {name: 100 * measure.value() for name, measure in cmrc_measures(answers, outputs).items()}
    version = "1.1" if case["kind"] == "squad1" else "2.0"
    found = {name: 100 * one.value() for name, one in squad_measures(answers, outputs, version=version).items()}
    if version == "2.0":
        scores = [squad_f1(right, said) for right, said in zip(answers, outputs, strict=True)]
        has_answer = [bool(right) for right in answers]
        threshold, best = best_no_answer_threshold(scores, case["no_answer"], has_answer, outputs)
        found |= {"best_f1": 100 * best, "threshold": threshold}
        if all(has_answer):
            found |= {f"{name}_answerable": found[name] for name in ("exact_match", "f1")}
    return found


def distance(first: dict[str, Any], second: dict[str, Any]) -> float:
    """The largest difference between two answers about one set."""
    assert first.keys() == second.keys(), (first.keys(), second.keys())
    gaps = [0.0]
    for name, value in first.items():
        other = second[name]
        pairs = zip(value, other, strict=True) if isinstance(value, list) else [(value, other)]
        gaps += [abs(one - two) for one, two in pairs]
    return max(gaps)


def asked(program: str, python: Path, cases: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """What a peer's program says of the sets."""
    (folder / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    (folder / "program.py").write_text(program, encoding="utf-8")
    found = call([str(python), str(folder / "program.py"), str(folder / "cases.json"), str(folder)], peer_environment())
    return list(found["found"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=10_000, help="random sets of each kind")
    parser.add_argument("--record", action="store_true", help="write a few sets with the peers' answers for the tests")
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    draw = random.Random(0)
    number = SETS_OF_GOLDEN if arguments.record else arguments.sets
    questions = [random_case(draw, kind) for kind in ("squad1", "squad2", "cmrc") for _ in range(number)]
    tags = [random_tags(draw) for _ in range(number)]
    with tempfile.TemporaryDirectory() as name:
        said = asked(OFFICIAL, peer_python(*SCRIPTS, options=NO_DEPENDENCIES), questions, Path(name))
        said += asked(ENTITIES, peer_python(*SEQEVAL), tags, Path(name))
    cases = [*questions, *tags]
    if arguments.record:
        recorded = [
            json.dumps({**case, "expected": one}, ensure_ascii=False) for case, one in zip(cases, said, strict=True)
        ]
        atomic_write_bytes(GOLDEN, ('{"sets": [\n' + ",\n".join(recorded) + "\n]}\n").encode("utf-8"))
    rows = []
    for kind in ("squad1", "squad2", "cmrc", "entities"):
        gaps = [distance(ours(case), one) for case, one in zip(cases, said, strict=True) if case["kind"] == kind]
        rows.append({"kind": kind, "sets": len(gaps), "largest_difference": max(gaps)})
        print(f"{kind:10} {len(gaps):,} sets, largest difference {max(gaps):.1e}", flush=True)
    assert all(row["largest_difference"] < 1e-9 for row in rows)
    if not (arguments.keep_nothing or arguments.record):
        write_result("squad_metric", {"kinds": rows})


if __name__ == "__main__":
    main()
