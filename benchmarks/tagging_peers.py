"""Parts of speech by each word's most frequent tag and by a conditional random field with features made by hand.

    python -m benchmarks.tagging_peers
    python -m benchmarks.tagging_peers --iterations 20 --keep-nothing

The field (Lafferty et al. 2001) is CRFsuite's, by python-crfsuite in an environment of its own, trained by L-BFGS. Its features:
the word, in lower case too, prefixes and suffixes of up to four characters, shape, length, digits and capitals, characters of Chinese
words, and words, suffixes and shapes of two neighbours on either side with pairs of neighbours. The strengths of both penalties are
chosen on the validation part (English: the official one; Chinese: a tenth of the training sentences), the model trained on the
training part alone, and the test part scored once. Sets: two treebanks of Universal Dependencies, tags UPOS and words as given there.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.peer_venv import peer_environment, peer_python
from benchmarks.report import call, write_result
from upwell.tasks.baselines import MostFrequentTag
from upwell.text.labelled import Labelled, TaggedSentence, hold_out, read_tags

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PENALTIES = ((0.0, 1.0), (0.0, 0.1), (0.1, 0.01), (0.5, 0.1))
"""Of absolute values (c1) and of squares (c2)."""

CRF = r"""
import json, re, sys, tempfile, time
import pycrfsuite
task = json.load(open(sys.argv[1], encoding="utf-8"))
def shape(word):
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[^\W\d_]", "x", re.sub(r"[A-Z]", "X", re.sub(r"\d", "d", word))))
def of_word(word, name):
    lower = word.lower()
    found = [f"{name}w={word}", f"{name}l={lower}", f"{name}s={shape(word)}", f"{name}3={lower[-3:]}", f"{name}2={lower[-2:]}"]
    return found
def features(words, place):
    word = words[place]
    lower = word.lower()
    found = ["bias", f"length={min(len(word), 8)}", *of_word(word, "")]
    found += [f"p{n}={lower[:n]}" for n in (1, 2, 3, 4)] + [f"e{n}={lower[-n:]}" for n in (1, 2, 3, 4)]
    found += [f"has={character}" for character in set(word) if ord(character) > 0x2E7F]
    for name, test in (("digit", str.isdigit), ("upper", str.isupper), ("lower", str.islower), ("alpha", str.isalpha)):
        found += [f"any-{name}"] * any(map(test, word)) + [f"all-{name}"] * all(map(test, word))
    found += ["title"] * word.istitle() + ["hyphen"] * ("-" in word)
    for step in (-2, -1, 1, 2):
        near = place + step
        found += of_word(words[near], f"{step}") if 0 <= near < len(words) else [f"{step}none"]
    around = ["<s>", *(other.lower() for other in words), "</s>"]
    found += [f"before={around[place]}|{lower}", f"after={lower}|{around[place + 2]}", f"both={around[place]}|{around[place + 2]}"]
    return found + ["first"] * (place == 0) + ["last"] * (place == len(words) - 1)
items = {name: [[features(words, place) for place in range(len(words))] for words, _ in rows] for name, rows in task["splits"].items()}
tags = {name: [tags for _, tags in rows] for name, rows in task["splits"].items()}
def trained(c1, c2, path):
    trainer = pycrfsuite.Trainer(verbose=False)
    for sentence, right in zip(items["train"], tags["train"]):
        trainer.append(sentence, right)
    trainer.set_params({"c1": c1, "c2": c2, "max_iterations": task["iterations"], "feature.possible_transitions": True})
    start = time.perf_counter()
    trainer.train(path)
    tagger = pycrfsuite.Tagger()
    tagger.open(path)
    return tagger, time.perf_counter() - start
def accuracy(tagger, split):
    pairs = [(one, other) for sentence, right in zip(items[split], tags[split]) for one, other in zip(tagger.tag(sentence), right)]
    return sum(one == other for one, other in pairs) / len(pairs)
tries = []
for number, (c1, c2) in enumerate(task["penalties"]):
    tagger, seconds = trained(c1, c2, f"{sys.argv[1]}.{number}")
    tries.append({"c1": c1, "c2": c2, "valid": accuracy(tagger, "valid"), "test": accuracy(tagger, "test"), "seconds": seconds})
best = max(tries, key=lambda one: one["valid"])
print(json.dumps({"accuracy": best["test"], "chosen": best, "tries": tries}))
"""


def parts(data: Path, name: str) -> dict[str, Labelled[TaggedSentence]]:
    """Training, validation and test sentences of a set."""
    if name == "pos-en-ewt":
        files = {"train": "train", "valid": "dev", "test": "test"}
        return {part: read_tags(data / name / f"en_ewt-ud-{file}.conllu") for part, file in files.items()}
    train, valid = hold_out(read_tags(data / name / "zh_gsdsimp-train.conllu"))
    return {"train": train, "valid": valid, "test": read_tags(data / name / "zh_gsdsimp-test.conllu")}


def most_frequent(splits: dict[str, Labelled[TaggedSentence]]) -> float:
    """Accuracy of each word's most frequent tag."""
    tagger = MostFrequentTag().fit(splits["train"].rows)
    said = [
        (tag, guess) for row in splits["test"].rows for tag, guess in zip(row.tags, tagger.tag(row.words), strict=True)
    ]
    return sum(tag == guess for tag, guess in said) / len(said)


def crf_run(splits: dict[str, Labelled[TaggedSentence]], iterations: int) -> dict[str, Any]:
    """What CRFsuite reaches."""
    python = peer_python("python-crfsuite>=0.9.11")
    rows = {name: [(row.words, row.tags) for row in found.rows] for name, found in splits.items()}
    with tempfile.TemporaryDirectory() as name:
        task, program = Path(name) / "task.json", Path(name) / "program.py"
        task.write_text(
            json.dumps({"splits": rows, "iterations": iterations, "penalties": PENALTIES}), encoding="utf-8"
        )
        program.write_text(CRF, encoding="utf-8")
        return call([str(python), str(program), str(task)], peer_environment())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=["pos-en-ewt", "pos-zh-gsdsimp"])
    parser.add_argument("--iterations", type=int, default=150)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    found = {}
    for name in arguments.sets:
        splits = parts(arguments.data, name)
        sizes = {part: len(rows) for part, rows in splits.items()}
        found[name] = {
            "sentences": sizes,
            "most_frequent_tag": most_frequent(splits),
            "crf": crf_run(splits, arguments.iterations),
        }
        crf = found[name]["crf"]
        print(
            f"{name:16} most frequent tag {found[name]['most_frequent_tag']:.4f}, CRF {crf['accuracy']:.4f} {crf['chosen']}",
            flush=True,
        )
    if not arguments.keep_nothing:
        write_result("tagging_peers", {"sets": found})


if __name__ == "__main__":
    main()
