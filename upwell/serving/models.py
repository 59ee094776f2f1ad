"""The runs that are served: loaded when they are asked for, dropped when memory is wanted for others."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upwell.api import LanguageModel, QuestionAnswerer, Tagger, TextClassifier
from upwell.errors import UserError
from upwell.generation.batching import Engine
from upwell.model.accounting import meta_network, parameters_by_kind
from upwell.model.machine import free_memory
from upwell.serving.errors import ApiError
from upwell.serving.options import ServerOptions
from upwell.serving.room import Room
from upwell.training.compute import torch_dtype
from upwell.training.runs import ANSWERER, CLASSIFIER, LANGUAGE_MODEL, TAGGER, Run

Reader = TextClassifier | Tagger | QuestionAnswerer
READERS: dict[str, type[TextClassifier] | type[Tagger] | type[QuestionAnswerer]] = {
    CLASSIFIER: TextClassifier,
    TAGGER: Tagger,
    ANSWERER: QuestionAnswerer,
}
"""Kinds of runs that read texts and write none."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where and how loaded models run: as for LanguageModel.load."""

    device: str | None = None
    dtype: str | None = None
    threads: int | None = None
    precision: str | None = None


@dataclass(eq=False)
class Loaded:
    """A run in memory."""

    room: Room
    """For what is not written by an engine's rows alone: embeddings and tasks."""
    written: int
    """When its weights were written (ns): a run that still trains writes better ones."""

    def close(self) -> None:
        """Finish its work."""


@dataclass(eq=False)
class LoadedModel(Loaded):
    """A language model, and the engine that runs it."""

    language_model: LanguageModel
    engine: Engine

    def close(self) -> None:
        """Let the engine finish."""
        self.engine.close()


@dataclass(eq=False)
class LoadedReader(Loaded):
    """What tells the class of a text, the tags of its words, or the answer to a question about it."""

    reader: Reader


@dataclass(eq=False)
class ServedRun:
    """A run under the name that clients use."""

    name: str
    run: Run
    kind: str
    bytes: int
    """That it takes when it is loaded."""
    loaded: Loaded | None = None
    users: int = 0
    """Requests at work with it."""


class Models:
    """All runs of a server, by name; the first is meant where a request names none."""

    def __init__(self, folders: Sequence[str], options: ServerOptions, placement: Placement | None = None) -> None:
        """Look at every run's config; weights are not read yet. A UserError for one that is no run, or a name twice."""
        self.options, self.placement = options, placement or Placement()
        self.memory_bytes = free_memory() // 2 if options.memory is None else int(options.memory * 10**9)
        self.runs: dict[str, ServedRun] = {}
        for folder in folders:
            run = Run(Path(folder))
            name = run.folder.resolve().name
            if name in self.runs:
                raise UserError(f"{folder}: another run is called {name} too; rename one of the folders")
            self.runs[name] = ServedRun(name, run, run.kind(), self._bytes(run))
        if not self.runs:
            raise UserError("name the folder of a run; upwell train makes one")
        self._order: list[ServedRun] = []  # the loaded ones, least recently used first
        self._loading = asyncio.Lock()

    def find(self, name: str | None, kinds: Collection[str] | None = None) -> ServedRun:
        """The run called `name`, without one the first of these `kinds`; a refusal where there is none, or it is of another."""
        served = self.runs.get(name) if name else self._first(kinds)
        if served is None:
            raise ApiError(404, f"no model is called {name!r}; GET /v1/models lists them", code="model_not_found")
        if kinds is not None and served.kind not in kinds:
            raise ApiError(400, f"{served.name} is a {served.kind}, not a {' or a '.join(kinds)}", parameter="model")
        return served

    @asynccontextmanager
    async def use(self, name: str | None) -> AsyncIterator[tuple[str, LoadedModel]]:
        """The name of a run and its language model, which stays in memory within this context."""
        async with self._use(self.find(name, [LANGUAGE_MODEL])) as (found, loaded):
            assert isinstance(loaded, LoadedModel)
            yield found, loaded

    @asynccontextmanager
    async def use_reader(self, name: str | None, kind: str) -> AsyncIterator[tuple[str, LoadedReader]]:
        """The same for a run of one of READERS."""
        async with self._use(self.find(name, [kind])) as (found, loaded):
            assert isinstance(loaded, LoadedReader)
            yield found, loaded

    @asynccontextmanager
    async def _use(self, served: ServedRun) -> AsyncIterator[tuple[str, Loaded]]:
        served.users += 1
        try:
            loaded = served.loaded
            if loaded is None or (served.users == 1 and loaded.written != _written(served.run)):
                async with self._loading:
                    loaded = await self._load(served)
            self._order = [*(other for other in self._order if other is not served), served]
            yield served.name, loaded
        finally:
            served.users -= 1

    async def close(self) -> None:
        """Let every engine finish."""
        for served in list(self._order):
            await self._drop(served)

    def engines(self) -> dict[str, Engine]:
        """Of the language models in memory."""
        return {
            name: served.loaded.engine for name, served in self.runs.items() if isinstance(served.loaded, LoadedModel)
        }

    def _first(self, kinds: Collection[str] | None) -> ServedRun:
        runs = list(self.runs.values())
        return next((served for served in runs if kinds is None or served.kind in kinds), runs[0])

    def _bytes(self, run: Run) -> int:
        if run.kind() in READERS:  # its weights are in several files, one for each network and one for features
            files = [*run.folder.glob("*.safetensors"), *run.folder.glob("member-*/*.safetensors")]
            return sum(file.stat().st_size for file in files)
        size = torch_dtype(self.placement.dtype or "float32").itemsize
        return parameters_by_kind(meta_network(run.network_config()))["total"] * size + self.options.cache_bytes

    async def _load(self, served: ServedRun) -> Loaded:
        """The newest weights of a run; one model is loaded at a time, so that the limit of memory holds."""
        if served.loaded is not None and (served.users > 1 or served.loaded.written == _written(served.run)):
            return served.loaded  # by another request, meanwhile
        await self._drop(served)
        await self._make_room(served)
        served.loaded = await asyncio.to_thread(self._read, served)
        return served.loaded

    def _read(self, served: ServedRun) -> Loaded:
        placement, options = self.placement, self.options
        room = Room(options.max_rows + options.max_waiting)
        written = _written(served.run)
        if not written:
            raise ApiError(
                503, f"{served.name} has no weights yet; they come with the first validation of the training"
            )
        how: dict[str, Any] = dataclasses.asdict(placement)
        if served.kind in READERS:
            del how["precision"]
            return LoadedReader(room, written, READERS[served.kind].load(served.run.folder, **how))
        model = LanguageModel.load(served.run.folder, **how)
        engine = Engine(
            model.writer,
            model.tokenizer,
            max_rows=options.max_rows,
            max_waiting=options.max_waiting,
            cache_bytes=options.cache_bytes,
            name=served.name,
        )
        return LoadedModel(room, written, model, engine)

    async def _make_room(self, served: ServedRun) -> None:
        """Drop idle models, the least recently used first, until `served` fits."""
        while True:
            taken = sum(other.bytes for other in self.runs.values() if other.loaded is not None)
            if taken + served.bytes <= self.memory_bytes:
                return
            idle = next((other for other in self._order if other.users == 0), None)
            if idle is None:
                raise ApiError(
                    503,
                    f"{served.name} needs {served.bytes >> 20} MB; {taken >> 20} of {self.memory_bytes >> 20} MB are "
                    "taken by models at work",
                )
            await self._drop(idle)

    async def _drop(self, served: ServedRun) -> None:
        loaded, served.loaded = served.loaded, None
        self._order = [other for other in self._order if other is not served]
        if loaded is not None:
            await asyncio.to_thread(loaded.close)


def _written(run: Run) -> int:
    try:
        return run.weights_path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
