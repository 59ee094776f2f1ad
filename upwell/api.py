"""The library's front door: train a model, load it, let it write, measure it."""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Self, overload

import torch

from upwell.errors import UserError
from upwell.generation import SamplingOptions
from upwell.generation import generate as generate_texts
from upwell.generation import stream as stream_text
from upwell.model.accounting import parameters_by_kind
from upwell.model.config import check_keys
from upwell.model.files import load_network, save_weights
from upwell.model.machine import choose_device, describe_machine
from upwell.model.network import Network
from upwell.model.sizes import count_text
from upwell.text.corpus import Corpus, prepare_corpus, usual_tokenizer
from upwell.text.files import atomic_write_json, lock_file
from upwell.text.sources import open_sources
from upwell.text.stores import build_store
from upwell.text.tokenizers import Tokenizer
from upwell.training.card import write_card
from upwell.training.compute import Compute, apply_threads, keep_freed_memory, torch_dtype
from upwell.training.distributed import World, join, leave, share_object, wait
from upwell.training.loop import Result, fit
from upwell.training.objectives import next_token
from upwell.training.options import TrainOptions
from upwell.training.plan import Plan, check_options, plan_for, plan_here
from upwell.training.runs import Run, check_out, create_run
from upwell.training.schedules import Budget
from upwell.training.streams import TokenStream
from upwell.training.validation import Score, Validation
from upwell.world.source import open_worlds
from upwell.world.specification import PREFIX, is_world

Observer = Callable[[str, dict[str, Any]], None]


class LanguageModel:
    """A network with its tokenizer: text in, text out."""

    def __init__(self, network: Network, tokenizer: Tokenizer) -> None:
        """Join `network` (on its device, in its dtype) and `tokenizer`."""
        self.network = network.eval()
        self.tokenizer = tokenizer

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        device: str | None = None,
        dtype: str | None = None,
        threads: int | None = None,
    ) -> Self:
        """The model of the run folder at `path`, also while it trains: the weights of its best validation so far.

        `dtype` is float32 (the default) or bfloat16. Raises a UserError where a file is missing, damaged or hostile;
        nothing in a run is ever executed.
        """
        run = Run(Path(path))
        config = run.network_config()
        tokenizer = Tokenizer.load(run.tokenizer_path)
        if tokenizer.vocab_size != config.vocab_size:
            raise UserError(
                f"{run.tokenizer_path}: {tokenizer.vocab_size} tokens, but the network has {config.vocab_size}; "
                "these files are not of one run"
            )
        if not run.weights_path.exists():
            raise UserError(f"{run.folder}: no weights yet; they come with the first validation of the training")
        if threads is not None:
            torch.set_num_threads(threads)
        network = load_network(run.weights_path, config).to(choose_device(device), torch_dtype(dtype or "float32"))
        return cls(network, tokenizer)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a run folder that `load` reads: config, weights in fp32, tokenizer."""
        run = Run(Path(path))
        if run.weights_path.exists():
            raise UserError(f"{run.folder}: holds a model already; choose another folder")
        run.folder.mkdir(parents=True, exist_ok=True)
        run.write_config({"network": self.network.config.to_dict()})
        self.tokenizer.save(run.tokenizer_path)
        save_weights(run.weights_path, {name: p.float() for name, p in self.network.named_parameters()})

    @overload
    def generate(self, prompt: str = ..., *, options: SamplingOptions | None = ..., **changes: Any) -> str: ...

    @overload
    def generate(
        self, prompt: Sequence[str], *, options: SamplingOptions | None = ..., **changes: Any
    ) -> list[str]: ...

    def generate(
        self, prompt: str | Sequence[str] = "", *, options: SamplingOptions | None = None, **changes: Any
    ) -> str | list[str]:
        """What the model writes after `prompt`, without it; a list of prompts is done as one batch.

        `changes` are fields of SamplingOptions that replace those of `options` (or the defaults): max_tokens,
        temperature, top_k, top_p, min_p, repetition_penalty, stop, seed.
        """
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        sampling = _sampling(options, changes)
        results = generate_texts(self.network, self.tokenizer, prompts, sampling)
        return results[0].text if isinstance(prompt, str) else [result.text for result in results]

    def stream(self, prompt: str = "", *, options: SamplingOptions | None = None, **changes: Any) -> Iterator[str]:
        """The same text in pieces as it is made; never half a character."""
        return stream_text(self.network, self.tokenizer, prompt, _sampling(options, changes))

    def fit_prompt(self, text: str, max_tokens: int) -> str:
        """The end of `text` behind which attention still has room for `max_tokens`; all of it for recurrent models."""
        config = self.network.config
        if "attention" not in config.mixers or config.window is not None:
            return text
        room = max(1, config.context - max_tokens)
        ids = self.tokenizer.encode(text)
        return text if len(ids) <= room else self.tokenizer.decode(ids[-room:])

    @property
    def parameters(self) -> dict[str, int]:
        """Parameter counts by kind, with total and non_embedding."""
        return parameters_by_kind(self.network)


def _sampling(options: SamplingOptions | None, changes: dict[str, Any]) -> SamplingOptions:
    known = [field.name for field in dataclasses.fields(SamplingOptions)]
    check_keys(changes, known=known, where="generation options")
    return dataclasses.replace(options or SamplingOptions(), **changes)


def evaluate(
    model: LanguageModel | str | os.PathLike[str],
    sources: str | Sequence[str],
    *,
    encoding: str = "utf-8",
    errors: str = "strict",
    column: str | None = None,
) -> dict[str, Any]:
    """Loss of `model`, or of the run at that path, on all of `sources`.

    Returns loss (nats per token), bits_per_byte, word_perplexity, tokens and bytes. Every token is predicted once.
    """
    if not isinstance(model, LanguageModel):
        model = LanguageModel.load(model)
    names = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    texts = open_worlds([os.fspath(name) for name in names], default_split="test")
    opened = open_sources(texts.sources, encoding=encoding, errors=errors, column=column)
    with tempfile.TemporaryDirectory(prefix="upwell-", ignore_cleanup_errors=True) as folder:
        store = build_store(opened, model.tokenizer, Path(folder, "store"))
        end = model.tokenizer.end_of_text
        score = Validation(store.tokens, end, store.num_bytes, store.num_words)(model.network)
        del store  # a mapped file cannot be deleted on Windows
    return score.to_dict()


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
    observe: Observer = lambda kind, figures: None,
    **options: Any,
) -> tuple[Run, dict[str, Any]]:
    """As `train`, but gives the run and its figures; after an interrupt these say `finished`: false."""
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
            return run, _resume(run, world, told)
        names = [sources] if isinstance(sources, str | os.PathLike) else list(sources or [PREFIX])
        return _begin([os.fspath(name) for name in names], wanted, world, told)
    finally:
        leave(world)


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
        corpus, bound = _corpus(read, options, world, observe)
        plan, compute, measured = plan_here(
            options,
            vocab_size=corpus.tokenizer.vocab_size,
            train_tokens=len(corpus.train.tokens),
            train_bytes=corpus.train.num_bytes,
            device=device,
            world=world,
        )
        observe("plan", {"plan": plan, "compute": compute, "measured": measured})

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
                }
            )
            corpus.tokenizer.save(run.tokenizer_path)

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
        corpus, bound = _corpus(sources, options, world, observe)
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
    network.to(choose_device(options.device))
    end = corpus.tokenizer.end_of_text
    stream = TokenStream(corpus.train.tokens, plan.recipe.rows, plan.recipe.length, plan.recipe.seed, first=end)

    def watch(kind: str, figures: dict[str, Any]) -> None:
        observe(kind, figures)
        if kind == "validation" and world.leads:
            network.eval()
            sampling = SamplingOptions(max_tokens=80, temperature=0.8, seed=0)
            observe("sample", {"text": generate_texts(network, corpus.tokenizer, [""], sampling)[0].text})
            network.train()

    with _interrupts() as stopped:
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
        )
    if not result.finished:
        return {"finished": False, "run": str(run.folder), "tokens": result.tokens}
    figures = _figures(run, plan, result, peak, bound)
    if world.leads:
        write_card(run.folder, run.config(), figures)
        atomic_write_json(run.result_path, {"format": 1, **figures})
    wait(world)
    return {"finished": True, **figures}


def _corpus(
    sources: Sequence[str], options: TrainOptions, world: World, observe: Observer
) -> tuple[Corpus, float | None]:
    """Training and validation tokens, from the cache where they are there; the leader makes them.

    With them the entropy bound of the validation text in bits per byte, where the generator of the text knows one.
    """

    def tell(name: str, done: int, total: int) -> None:
        observe("world", {"source": name, "bytes": done, "total_bytes": total})

    def prepare() -> tuple[Corpus, float | None]:
        texts = open_worlds(sources, options.valid, progress=tell)
        encoding, errors, column = options.encoding, options.errors, options.column
        kind = options.tokenizer or usual_tokenizer(
            open_sources(texts.sources, encoding=encoding, errors=errors, column=column)
        )
        corpus = prepare_corpus(
            texts.sources,
            valid=texts.valid,
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


def _fingerprint(corpus: Corpus) -> list[str]:
    return [corpus.train.hash, corpus.valid.hash]


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


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C or termination signal inside the block into a wish to stop; a second one interrupts."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked: list[int] = []

    def handle(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
