"""What fastText and TF-IDF with logistic regression reach on labelled texts, each well tuned: peers of `benchmarks.classification`.

fastText (Joulin et al. 2017): learning rate, epochs, n-grams of words (of characters for Chinese, where words may also be
jieba's) and character n-grams inside words. TF-IDF: words (1-2), characters (1-5) or both, rows seen once kept or not, and
the strength of the penalty (scikit-learn). Everything is chosen on the validation part; the test part is scored once by the
chosen setting, trained on the training part alone. Each program runs in an environment of its own.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.peer_venv import peer_environment, peer_python
from benchmarks.report import call

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = ("cls-en-sst2", "cls-en-trec", "cls-en-agnews", "cls-en-smsspam", "cls-zh-chnsenticorp", "cls-zh-thucnews")
PACKAGES = ("fasttext-wheel==0.9.2", "numpy<2", "scikit-learn>=1.5", "jieba>=0.42", "setuptools<81")

TEXTS = r"""
import itertools, json, re, sys, time, warnings
warnings.simplefilter("ignore")
import jieba, numpy as np
task = json.load(open(sys.argv[1], encoding="utf-8"))
splits, chinese = task["splits"], task["chinese"]
WORD = re.compile(r"\w+|[^\w\s]")
jieba.setLogLevel(60)
def words(text):
    return jieba.lcut(text.lower()) if chinese == "words" else WORD.findall(text.lower())
def accuracy(said, labels):
    return float(np.mean([one == other for one, other in zip(said, labels)]))
def report(settings, tries, said, start, **more):
    labels = [label for label, _ in splits["test"]]
    print(json.dumps({"accuracy": accuracy(said, labels), "settings": settings, "valid": tries[0][0], "tries": len(tries),
                      "seconds": time.perf_counter() - start, **more, "predictions": said}))
"""

FASTTEXT = (
    TEXTS
    + r"""
import fasttext
start = time.perf_counter()
names = sorted({label for label, _ in splits["train"]})
def pieces(text, cut):
    text = text.lower()
    if cut == "characters":
        return " ".join(re.findall(r"[a-z0-9]+|\S", text))
    return " ".join(jieba.lcut(text)) if cut == "jieba" else " ".join(WORD.findall(text))
texts = {cut: {name: [" ".join(pieces(text, cut).split()) for _, text in rows] for name, rows in splits.items()}
         for cut in (("characters", "jieba") if chinese else ("words",))}
for cut, by_split in texts.items():
    with open(f"{sys.argv[1]}.{cut}", "w", encoding="utf-8") as file:
        for (label, _), text in zip(splits["train"], by_split["train"]):
            file.write(f"__label__{names.index(label)} {text}\n")
def trained(seed=1, **settings):
    settings = dict(settings)
    cut = settings.pop("cut")
    return fasttext.train_supervised(f"{sys.argv[1]}.{cut}", thread=1, verbose=0, seed=seed, bucket=200000, **settings)
def said(model, cut, split):
    return [names[int(row[0].removeprefix("__label__"))] if row else names[0] for row in model.predict(texts[cut][split])[0]]
best = {"cut": next(iter(texts)), "wordNgrams": 2, "minn": 0, "maxn": 0, "lr": 0.5, "epoch": 10, "dim": 50}
tries, seen = [], {}
def score(settings):
    key = json.dumps(settings, sort_keys=True)
    if key not in seen:
        seen[key] = accuracy(said(trained(**settings), settings["cut"], "valid"), [label for label, _ in splits["valid"]])
        tries.append((seen[key], settings))
    return seen[key]
subwords = [{"minn": least, "maxn": most} for least, most in ((0, 0), (1, 2) if chinese else (3, 6), (2, 4))]
stages = [
    [{"lr": rate, "epoch": epochs} for rate, epochs in itertools.product((0.1, 0.25, 0.5, 1.0), (5, 15, 40))],
    [{"cut": cut, "wordNgrams": length, **inside} for cut in texts for length in (1, 2, 3)
     for inside in (subwords if cut != "characters" else subwords[:1])],
    [{"lr": rate, "epoch": epochs} for rate, epochs in itertools.product((0.25, 0.5, 1.0), (3, 10, 30))],
    [{"dim": size} for size in (20, 100)],
]
for stage in stages:
    best = max([best, *({**best, **change} for change in stage)], key=score)
tries.sort(key=lambda found: -found[0])
models = [said(trained(seed=seed, **best), best["cut"], "test") for seed in (1, 2, 3)]
labels = [label for label, _ in splits["test"]]
report(best, tries, models[0], start, seeds=[accuracy(model, labels) for model in models])
"""
)

TFIDF = (
    TEXTS
    + r"""
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from scipy.sparse import hstack
start = time.perf_counter()
chinese = "words" if chinese else chinese
labels = {name: [label for label, _ in rows] for name, rows in splits.items()}
def matrices(frequency):
    makers = {"words": TfidfVectorizer(tokenizer=words, token_pattern=None, ngram_range=(1, 2), min_df=frequency, sublinear_tf=True),
              "characters": TfidfVectorizer(analyzer="char" if chinese else "char_wb", ngram_range=(1, 5), min_df=frequency,
                                            sublinear_tf=True)}
    texts = {name: [text for _, text in rows] for name, rows in splits.items()}
    train = {kind: maker.fit_transform(texts["train"]) for kind, maker in makers.items()}
    return {kind: {"train": train[kind], **{name: maker.transform(texts[name]) for name in ("valid", "test")}}
            for kind, maker in makers.items()}
tries = []
KINDS = (("words",), ("characters",), ("words", "characters"))
made = {frequency: matrices(frequency) for frequency in (1, 2)}
for frequency, kinds in itertools.product(made, KINDS):
    matrix = {name: hstack([made[frequency][kind][name] for kind in kinds]).tocsr() for name in splits}
    for strength in (1.0, 4.0, 16.0, 64.0):
        one = LogisticRegression(C=strength, solver="liblinear", dual=True)
        model = (OneVsRestClassifier(one) if len(set(labels["train"])) > 2 else one).fit(matrix["train"], labels["train"])
        settings = {"features": list(kinds), "min_df": frequency, "C": strength}
        found = accuracy(model.predict(matrix["valid"]), labels["valid"])
        if not tries or found > tries[0][0]:
            said = [str(label) for label in model.predict(matrix["test"])]
            tries.insert(0, (found, settings))
        else:
            tries.append((found, settings))
report(tries[0][1], tries, said, start)
"""
)
PEERS = {"fastText": FASTTEXT, "TF-IDF + logistic regression": TFIDF}


def labelled(path: Path) -> list[tuple[str, str]]:
    """(label, text) of every line: the first column and the last."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line]
    return [(row[0], row[-1]) for row in rows]


def peer_run(program: str, folder: Path) -> dict[str, Any]:
    """What a peer's program says of the labelled texts of a folder."""
    python = peer_python(*PACKAGES)
    splits = {name: labelled(folder / f"{name}.tsv") for name in ("train", "valid", "test")}
    with tempfile.TemporaryDirectory() as name:
        task, file = Path(name) / "task.json", Path(name) / "program.py"
        task.write_text(json.dumps({"splits": splits, "chinese": "-zh-" in folder.name}), encoding="utf-8")
        file.write_text(program, encoding="utf-8")
        one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        return call([str(python), str(file), str(task)], peer_environment() | one_thread)
