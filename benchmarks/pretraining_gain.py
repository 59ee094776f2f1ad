"""What it is worth to a classifier to begin with an encoder that has read the same texts without their labels.

    python -m benchmarks.pretraining_gain
    python -m benchmarks.pretraining_gain --sets cls-en-sst2 --seeds 1 --keep-nothing

Of each set all training texts are read without labels, as by `upwell train TEXTS --task encode`. Then 100, 500 or all of them with
their labels become a classifier, as by `upwell finetune ENCODER DATA --task classify` and, beside it, by `upwell train DATA --task
classify`: the same shape of network, the same texts, the same seed. What is compared is the accuracy on the test part, of the
networks alone and of the whole classifier; intervals are over test texts and seeds.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.classification import arguments_of, paired
from benchmarks.classification_peers import labelled
from benchmarks.report import write_result
from upwell.api.classifier_runs import ClassifierTraining, Classify
from upwell.api.classifying import ClassifierModel
from upwell.api.encoding import EncoderTraining
from upwell.api.estimator import learned
from upwell.api.starting import Start
from upwell.text.labelled import Labelled, LabelledText, hold_out
from upwell.training.options import TrainOptions
from upwell.training.runs import Run

SETS = ("cls-en-sst2", "cls-zh-thucnews")
NUMBERS = (100, 500, None)


def rows_of(pairs: list[tuple[str, str]], *, with_labels: bool = True) -> Labelled[LabelledText]:
    """Labelled texts, or the same without their labels."""
    rows = tuple(LabelledText(text, (label,) if with_labels else ()) for label, text in pairs)
    return Labelled(name="texts", noun="texts", rows=rows, columns=())


def pretrain(pairs: list[tuple[str, str]], folder: Path, threads: int | None) -> dict[str, Any]:
    """An encoder of the texts, written to `folder`; what its training says of it."""
    train, valid = hold_out(rows_of(pairs, with_labels=False))
    start = time.perf_counter()
    training = EncoderTraining(train.rows, valid.rows, TrainOptions(threads=threads))
    model = learned(training)
    folder.mkdir()
    model.save(Run(folder), {})
    return {**training.judge(model.network).to_dict(), "seconds": time.perf_counter() - start}


def right(
    model: ClassifierModel, pairs: list[tuple[str, str]]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Which test texts (N,) the networks alone are right about, and the whole classifier."""
    texts = [text for _, text in pairs]
    wanted = np.array([(*model.labels, label).index(label) for label, _ in pairs])  # a label never seen is never right
    alone = model.judgements(texts)[0].argmax(1)
    return (alone == wanted).astype(float), (model.log_probabilities(texts).argmax(1) == wanted).astype(float)


def main() -> None:
    arguments = arguments_of(__doc__, SETS)
    found: dict[str, Any] = {}
    for name in arguments.sets:
        train, test = (labelled(arguments.data / name / f"{part}.tsv") for part in ("train", "test"))
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "encoder"
            found[name] = {"encoder": pretrain(train, folder, arguments.threads), "labels": {}}
            print(f"{name}: encoder {found[name]['encoder']}", flush=True)
            begun = Start.open(folder, Classify.begins_with, task="classify")
            for number in NUMBERS:
                ways: dict[str, list[Any]] = {"from scratch": [], "pretrained": []}
                for seed in range(arguments.seeds):
                    order = np.random.default_rng(seed).permutation(len(train))[:number]
                    parts = hold_out(rows_of([train[place] for place in order]), seed=seed)
                    options = TrainOptions(seed=seed, threads=arguments.threads)
                    for way, start in (("from scratch", None), ("pretrained", begun)):
                        training = ClassifierTraining(*(part.rows for part in parts), options, start)
                        ways[way].append(right(learned(training), test))
                figures: dict[str, Any] = {}
                for place, what in enumerate(("networks alone", "classifier")):
                    scratch, after = ([one[place] for one in ways[way]] for way in ("from scratch", "pretrained"))
                    draws = np.random.default_rng(0)
                    figures[what] = {
                        "from scratch": float(np.mean(scratch)),
                        "pretrained": float(np.mean(after)),
                        "gain": paired(
                            [a - b for a, b in zip(after, scratch, strict=True)], np.zeros(len(test)), draws
                        ),
                    }
                    gain = figures[what]["gain"]
                    print(
                        f"{name} {number or len(train)} labels, {what}: {np.mean(scratch):.4f} from scratch, "
                        f"{np.mean(after):.4f} pretrained, {gain['value']:+.2f} ({gain['low']:+.2f} to {gain['high']:+.2f})",
                        flush=True,
                    )
                found[name]["labels"][str(number or len(train))] = figures
    if not arguments.keep_nothing:
        write_result("pretraining_gain", {"sets": found})


if __name__ == "__main__":
    main()
