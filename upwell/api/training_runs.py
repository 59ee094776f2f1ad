"""Training, from the words of the user to a finished run."""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from upwell.api.ending import examine
from upwell.api.interrupts import interrupts
from upwell.api.language_model import LanguageModel
from upwell.api.task_runs import TASKS, resume_task, train_task
from upwell.api.texts import Observer, read_corpus
from upwell.api.writings import WRITE, Writings, keep_forms, read_parts
from upwell.errors import UserError
from upwell.generation import SamplingOptions
from upwell.generation import generate as generate_texts
from upwell.model.machine import choose_device, describe_machine
from upwell.model.network import Network
from upwell.model.sizes import count_text
from upwell.text.allocator import keep_freed_memory
from upwell.text.corpus import Corpus
from upwell.text.examples import Formats, formats_to_json, prompt_format
from upwell.text.files import atomic_write_json, lock_file
from upwell.text.verse import Form
from upwell.training.card import write_card
from upwell.training.compute import Compute, apply_threads, give_back_memory, torch_dtype
from upwell.training.distributed import World, join, leave, share_object, wait
from upwell.training.loop import Result, fit
from upwell.training.objectives import next_token
from upwell.training.options import TrainOptions
from upwell.training.plan import Plan, check_options, plan_for, plan_here
from upwell.training.runs import LANGUAGE_MODEL, Run, check_out, create_run
from upwell.training.schedules import Budget
from upwell.training.streams import check_first, open_stream
from upwell.training.validation import Score, Validation
from upwell.training.word_embeddings import WordEmbeddings, find_embeddings, read_embeddings
from upwell.world.specification import PREFIX, TRAIN_MEGABYTES, Specification, is_world

MEGABYTES_PER_MINUTE = 3.0
"""Of the micro-world, where no source is named: a pass or two on two cores."""
DEFAULT_LEVELS = "level=1+2"
"""Of the micro-world, where no source is named: what a small model can learn well."""
BYTES_PER_TOKEN = 4.5
LEAST_MEGABYTES, MOST_MEGABYTES = 2.0, 400.0
FIRST = {"views=qa,level=1": 0.25, "views=qa+translation,level=1": 0.62}
"""What of the micro-world the default run reads first, in turn, megabytes a minute. Who did what is learned in company of
all tasks late or never, and stays once it is there: docs/experiments.md, "questions first"."""
LEAST_FIRST, MOST_FIRST = 1.0, 6.0
"""Minutes: a shorter run reads nothing first, a longer one no more than one of six."""
TOKENS_PER_MINUTE = 1.6e6
"""Of the default run on two cores, to treat a budget of tokens like one of minutes."""


def train(
    sources: str | Sequence[str] | None = None,
    *,
    resume: str | os.PathLike[str] | None = None,
    observe: Observer = lambda kind, figures: None,
    **options: Any,
) -> LanguageModel:
    """Train a model of the text in `sources`, or go on with the run at `resume`; returns it with its best weights.

    Without either the text is the embedded micro-world, `world:`.
    `options` are the fields of TrainOptions: model, size, minutes, tokens, epochs, tokenizer, out, seed and so on, as on
    the command line. An interrupt (Ctrl-C) saves and raises KeyboardInterrupt.
    """
    run, result = train_run(sources, resume=resume, observe=observe, **options)
    if not result["finished"]:
        raise KeyboardInterrupt
    return LanguageModel.load(run.folder)


def train_run(
    sources: str | Sequence[str] | None = None,
    *,
    resume: str | os.PathLike[str] | None = None,
    begin_with: str | os.PathLike[str] | None = None,
    observe: Observer = lambda kind, figures: None,
    **options: Any,
) -> tuple[Run, dict[str, Any]]:
    """As `train`, but gives the run and its figures; after an interrupt these say `finished`: false.

    `begin_with`: a run whose network a `task` goes on from.
    """
    if sources is not None and resume is not None:
        raise UserError("name a source of text, or a run to --resume (not both)")
    if resume is not None and options:
        raise UserError(f"--resume goes on with the options of the run; leave out {', '.join(sorted(options))}")
    wanted = TrainOptions.from_dict(options) if resume is None else Run(Path(resume)).options()[1]
    world = join(choose_device(wanted.device))
    told = observe if world.leads else lambda kind, figures: None
    keep_freed_memory()
    try:
        if resume is not None:
            run = Run(Path(resume))
            return run, resume_task(run, told) if run.kind() != LANGUAGE_MODEL else _resume(run, world, told)
        names = [sources] if isinstance(sources, str | os.PathLike) else list(sources or [])
        if wanted.task == WRITE:
            if begin_with is not None or not names:
                others = f"choose {_that_begin_with_runs()}; {WRITE} begins with no run"
                what = others if names else "name a table of prompts and texts"
                raise UserError(f"--task {WRITE}: {what}")
        elif wanted.task is not None:
            if world.size > 1:
                raise UserError(f"--task {wanted.task}: runs in one process; leave torchrun out")
            start = None if begin_with is None else os.fspath(begin_with)
            return train_task([os.fspath(name) for name in names], wanted, told, begin_with=start)
        elif begin_with is not None:
            raise UserError(f"finetune: say what for, with --task {_that_begin_with_runs()}")
        elif not names:
            names = [default_world(wanted)]
            wanted = dataclasses.replace(wanted, first=wanted.first or default_first(wanted))
        return _begin([os.fspath(name) for name in names], wanted, world, told)
    finally:
        leave(world)


def _that_begin_with_runs() -> str:
    *names, last = [name for name, task in TASKS.items() if task.begins_with]
    return f"{', '.join(names)} or {last}"


def default_world(options: TrainOptions) -> str:
    """The micro-world as a source, as much of it as suits the budget."""
    budget = Budget.choose(minutes=options.minutes, tokens=options.tokens, epochs=options.epochs)
    wanted = {"minutes": MEGABYTES_PER_MINUTE * budget.amount, "tokens": BYTES_PER_TOKEN * budget.amount / 1e6}
    megabytes = wanted.get(budget.kind, TRAIN_MEGABYTES)
    return f"{PREFIX}{DEFAULT_LEVELS},megabytes={min(MOST_MEGABYTES, max(LEAST_MEGABYTES, megabytes)):g}"


def default_first(options: TrainOptions) -> tuple[str, ...]:
    """The parts of `default_world` that are read first: none where the budget is small."""
    budget = Budget.choose(minutes=options.minutes, tokens=options.tokens, epochs=options.epochs)
    minutes = {"minutes": budget.amount, "tokens": budget.amount / TOKENS_PER_MINUTE}.get(budget.kind, MOST_FIRST)
    if minutes < LEAST_FIRST:
        return ()
    return tuple(f"{PREFIX}{part},megabytes={size * min(minutes, MOST_FIRST):g}" for part, size in FIRST.items())


def _begin(names: list[str], options: TrainOptions, world: World, observe: Observer) -> tuple[Run, dict[str, Any]]:
    """Prepare text and plan, make the run's folder when nothing but the disk can fail any more, and train."""
    check_out(options.out)
    check_options(options)
    device = choose_device(options.device)
    with tempfile.TemporaryDirectory(prefix="upwell-") as spool:
        kept = Path(spool, "stdin.txt")
        if "-" in names and world.leads:
            with kept.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        read = share_object(world, [str(kept) if name == "-" else name for name in names])
        written = read_parts(read, options) if options.task == WRITE else None
        corpus, bound = read_corpus(read, options, world, observe, written=written)
        embeddings = _find_embeddings(options, corpus) if world.leads else None
        formats = _formats([*names, *options.first]) if written is None else written.formats
        forms = _forms(written, observe)
        plan, compute, measured = plan_here(
            options,
            vocab_size=corpus.tokenizer.vocab_size,
            train_tokens=len(corpus.train.tokens),
            train_bytes=corpus.train.num_bytes,
            documents=corpus.train.num_documents,
            has_prompts=corpus.train.prompts is not None,
            embedding_width=share_object(
                world, embeddings.dimension if embeddings and options.freeze_vectors else None
            ),
            device=device,
            world=world,
        )
        check_first(corpus.first, plan.recipe)
        observe("plan", {"plan": plan, "compute": compute, "measured": measured})
        if embeddings is not None:
            observe("note", {"text": embeddings.describe()})

        def fill(run: Run, final: Path) -> None:
            if kept.exists():
                shutil.copyfile(kept, run.folder / "stdin.txt")
            run.write_config(
                {
                    "sources": [str(final / "stdin.txt") if name == "-" else name for name in names],
                    "options": options.to_dict(),
                    "network": plan.network.to_dict(),
                    "recipe": plan.recipe.to_dict(),
                    "compute": dataclasses.asdict(compute),
                    "machine": {
                        "name": describe_machine(device),
                        "torch": torch.__version__,
                        "matmul_peaks": measured.peaks,
                        "trials": measured.speeds,
                    },
                    "corpus": _fingerprint(corpus),
                    **({"vectors": embeddings.about} if embeddings else {}),
                    **({"formats": formats_to_json(formats)} if formats else {}),
                }
            )
            if forms:
                keep_forms(run, forms)
            corpus.tokenizer.save(run.tokenizer_path)
            if embeddings is not None:
                embeddings.save(run.vectors_path)

        name = PREFIX if is_world(names[0]) else names[0]
        made = create_run(name, out=options.out, overwrite=options.overwrite, fill=fill) if world.leads else None
        run = Run(Path(share_object(world, str(made.folder) if made else "")))
    observe("run", {"path": str(run.folder)})
    with _locked(run, world):
        peak = measured.peaks[compute.dtype]
        return run, _train(run, options, corpus, plan, compute, peak, bound, world, observe)


def _resume(run: Run, world: World, observe: Observer) -> dict[str, Any]:
    """Bring a run to its end from wherever it is."""
    observe("run", {"path": str(run.folder)})
    with _locked(run, world):
        finished = run.result()
        if finished is not None:
            return {"finished": True, **finished}
        sources, options = run.options()
        corpus, bound = read_corpus(sources, options, world, observe)
        if run.config().get("corpus") != _fingerprint(corpus):
            raise UserError(
                f"{run.folder}: the text in {', '.join(sources)} is not what this run was begun with; begin a new run"
            )
        compute, peak = run.compute()
        budget = Budget.choose(minutes=options.minutes, tokens=options.tokens, epochs=options.epochs)
        plan = plan_for(run.network_config(), run.recipe(), budget, dtype=compute.dtype)
        return _train(run, options, corpus, plan, compute, peak, bound, world, observe)


def _locked(run: Run, world: World) -> AbstractContextManager[None]:
    return lock_file(run.lock_path) if world.leads else nullcontext()


def _train(
    run: Run,
    options: TrainOptions,
    corpus: Corpus,
    plan: Plan,
    compute: Compute,
    peak: float,
    bound: float | None,
    world: World,
    observe: Observer,
) -> dict[str, Any]:
    """Train from the newest checkpoint to the end or an interrupt; the figures, written to the run at the end."""
    apply_threads(compute)
    network = Network(plan.network)
    network.reset_parameters(plan.recipe.seed)
    embeddings = _read_embeddings(run)
    if embeddings is not None:
        embeddings.begin(network)
    network.to(choose_device(options.device))
    end = corpus.tokenizer.end_of_text
    stream = open_stream(corpus.train, plan.recipe, first=end, before=corpus.first)

    def watch(kind: str, figures: dict[str, Any]) -> None:
        observe(kind, figures)
        if kind == "validation" and world.leads:
            network.eval()
            sampling = SamplingOptions(max_tokens=80, temperature=0.8, seed=0)
            observe("sample", {"text": generate_texts(network, corpus.tokenizer, [""], sampling)[0].text})
            network.train()

    with interrupts() as stopped:
        result = fit(
            network,
            objective=next_token,
            stream=stream,
            validate=Validation(corpus.valid.tokens, end, corpus.valid.num_bytes, corpus.valid.num_words),
            recipe=plan.recipe,
            budget=plan.budget,
            folder=run.folder,
            dtype=torch_dtype(compute.dtype),
            num_workers=compute.workers,
            world=world,
            observe=watch,
            stopped=stopped,
            tensorboard=run.folder / "tensorboard" if options.tensorboard else None,
            frozen=None if embeddings is None else embeddings.frozen,
        )
    if not result.finished:
        return {"finished": False, "run": str(run.folder), "tokens": result.tokens}
    give_back_memory()
    figures = _figures(run, plan, result, peak, bound)
    figures["data"] = {
        part: {"bytes": store.num_bytes, "documents": store.num_documents, "tokens": store.num_tokens}
        for part, store in (("training", corpus.train), ("validation", corpus.valid))
    }
    if embeddings is not None:
        figures["vectors"] = embeddings.about
    if world.leads:
        figures |= examine(run, corpus, result.progress.seconds, observe)
        write_card(run.folder, run.config(), figures)
        atomic_write_json(run.result_path, {"format": 1, **figures})
    wait(world)
    return {"finished": True, **figures}


def _find_embeddings(options: TrainOptions, corpus: Corpus) -> WordEmbeddings | None:
    """The word vectors that the embedding is to begin with, None where no file of them is named."""
    if options.vectors is None:
        return None
    return find_embeddings(options.vectors, corpus.tokenizer, corpus.train, freeze=options.freeze_vectors)


def _read_embeddings(run: Run) -> WordEmbeddings | None:
    """The same as it is kept in the run."""
    about = run.config().get("vectors")
    return None if about is None else read_embeddings(run.vectors_path, about)


def _formats(sources: Sequence[str]) -> Formats:
    """How the tasks in the text of `sources` are written; empty for plain texts."""
    worlds = [Specification.parse(source) for source in sources if is_world(source)]
    return {
        (view, language): prompt_format(view, language)
        for spec in worlds
        for view in spec.views
        for language in spec.languages
    }


def _forms(written: Writings | None, observe: Observer) -> dict[str, Form]:
    """The forms of verse of texts with prompts, where they have some; without what they need that is noted."""
    try:
        forms = {} if written is None else written.forms()
    except UserError as error:
        observe("note", {"text": f"no forms of verse were learned: {error}"})
        return {}
    if forms:
        shares = sorted(form.share for form in forms.values())
        observe(
            "note",
            {
                "text": f"{len(forms)} tunes have a form of verse, in the median that of {shares[len(shares) // 2]:.0%} of their poems"
            },
        )
    return forms


def _fingerprint(corpus: Corpus) -> list[str]:
    return [store.hash for store in (corpus.train, corpus.valid, *corpus.first)]


def _figures(run: Run, plan: Plan, result: Result, peak: float, bound: float | None) -> dict[str, Any]:
    """The figures of a finished run, as `--json` prints them."""
    assert isinstance(result.score, Score)
    speed = result.tokens / max(1e-9, result.progress.seconds)
    return {
        "run": str(run.folder),
        "model": " ".join(plan.network.blocks) if plan.network.family == "hybrid" else plan.network.family,
        "size": count_text(plan.parameters["non_embedding"]),
        "parameters": {name: plan.parameters[name] for name in ("total", "non_embedding")},
        "tokens": result.tokens,
        "seconds": round(result.progress.seconds, 3),
        "tokens_per_second": round(speed, 1),
        "matmul_peak_share": round(speed * plan.flops_per_token / peak, 4),
        "valid_bpb": result.score.bits_per_byte,
        "entropy_bound_bpb": bound,
        "valid_loss": result.score.loss,
        "valid_word_perplexity": result.score.word_perplexity if math.isfinite(result.score.word_perplexity) else None,
        "valid_tokens": result.score.tokens,
        "best_step": result.progress.best_step,
        "steps": result.progress.step,
    }
