"""The text of a run: from the names of its sources to tokens, with what is known of it."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from upwell.api.writings import WRITE, Writings, read_parts
from upwell.text.corpus import Corpus, prepare_corpus, prepared_corpus, usual_tokenizer
from upwell.text.prepared import find_prepared
from upwell.text.sources import open_sources
from upwell.training.distributed import World, wait
from upwell.training.options import TrainOptions
from upwell.world.source import open_worlds
from upwell.world.specification import is_world

WORLD_TOKENIZER = "word"
"""The micro-world has few words, and each means something: docs/experiments.md, "tasks"."""

Observer = Callable[[str, dict[str, Any]], None]


def read_corpus(
    sources: Sequence[str], options: TrainOptions, world: World, observe: Observer, *, written: Writings | None = None
) -> tuple[Corpus, float | None]:
    """Training and validation tokens, from the cache where they are there; the leader makes them. `written`: the texts with
    prompts in the sources, where they are read already.

    With them the entropy bound of the validation text in bits per byte, where the generator of the text knows one.
    """
    if options.task == WRITE:
        return _read_writings(written or read_parts(sources, options), options, world, observe)

    def tell(name: str, done: int, total: int) -> None:
        observe("world", {"source": name, "bytes": done, "total_bytes": total})

    prepared = find_prepared(sources[0]) if len(sources) == 1 else None
    names, valid = list(sources), list(options.valid)
    if prepared is not None:
        names = [str(prepared.text("train"))]
        if not valid and prepared.text("valid").exists():
            valid = [str(prepared.text("valid"))]
    changes = (options.valid, options.first, options.tokenizer, options.vocab_size, options.column, options.vectors)

    def prepare() -> tuple[Corpus, float | None]:
        if prepared is not None and prepared.has_tokens and not any(changes):
            return prepared_corpus(prepared), None
        texts = open_worlds(names, valid, first=options.first, progress=tell)
        encoding, errors, column = options.encoding, options.errors, options.column
        kind = options.tokenizer
        if kind is None and all(map(is_world, sources)):
            kind = WORLD_TOKENIZER
        elif kind is None and options.vectors is not None:
            kind = "word"
        elif kind is None:
            kind = usual_tokenizer(open_sources(texts.sources, encoding=encoding, errors=errors, column=column))
        corpus = prepare_corpus(
            texts.sources,
            valid=texts.valid,
            first=texts.first,
            tokenizer_kind=kind,
            vocab_size=options.vocab_size,
            encoding=encoding,
            errors=errors,
            column=column,
        )
        return dataclasses.replace(corpus, description=texts.described(corpus.description)), texts.bound

    made = prepare() if world.leads else None
    wait(world)
    corpus, bound = made or prepare()
    observe(
        "corpus",
        {"description": corpus.description, "train_tokens": len(corpus.train.tokens), "entropy_bound_bpb": bound},
    )
    return corpus, bound


def _read_writings(
    written: Writings, options: TrainOptions, world: World, observe: Observer
) -> tuple[Corpus, float | None]:
    """The same for texts with prompts, which become documents on disk first."""
    observe("labelled", {"lines": written.describe()})
    with tempfile.TemporaryDirectory(prefix="upwell-", ignore_cleanup_errors=True) as folder:
        train, valid = map(str, written.spool(Path(folder)))

        def observe_named(kind: str, figures: dict[str, Any]) -> None:
            if kind == "corpus":
                named = figures["description"].replace(train, written.train.name).replace(valid, written.valid.name)
                figures = {**figures, "description": named}
            observe(kind, figures)

        plain = dataclasses.replace(options, task=None, columns=None, valid=(valid,), encoding="utf-8", errors="strict")
        return read_corpus([train], plain, world, observe_named)
