"""The sources `world:…` among others: each is made on disk, and what it holds out comes with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from upwell.world.corpus import Materialized, materialize, take_part
from upwell.world.specification import Specification, is_world

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Texts:
    """Sources of training and validation text, all of them files now."""

    sources: list[str]
    valid: list[str]
    bound: float | None
    """Bits per byte of choice in the validation text; None where some of it is not of the world."""
    first: list[str] = field(default_factory=list)
    """Sources to be read before the others."""
    names: dict[str, str] = field(default_factory=dict)
    """What each file was made from."""

    def described(self, description: str) -> str:
        """A description with the names of files replaced by what they were made from."""
        for path, name in self.names.items():
            description = description.replace(path, name)
        return description


def open_worlds(
    sources: Sequence[str],
    valid: Sequence[str] = (),
    *,
    first: Sequence[str] = (),
    default_split: str = "train",
    progress: Progress = lambda name, done, total: None,
) -> Texts:
    """Make every `world:…` among the names, or find it in the cache; other names stay as they are.

    Where all `sources` are of the world and `valid` is empty, their own validation split is the validation. What is to be
    read `first` is taken from the sources where one of them holds it.
    `default_split`: of sources that name none; `valid` takes the validation split. `progress` hears the name of what is
    made, bytes done and wanted.
    """

    def parse(names: Sequence[str], split: str) -> list[Specification | str]:
        return [Specification.parse(name, default_split=split) if is_world(name) else name for name in names]

    parsed, held, before = parse(sources, default_split), parse(valid, "valid"), parse(first, default_split)
    if not held and parsed and all(isinstance(spec, Specification) for spec in parsed):
        held = [spec.held_out() for spec in parsed if isinstance(spec, Specification)]
    made: dict[Specification, Materialized] = {}

    def make(spec: Specification) -> Path:
        def tell(done: int, total: int) -> None:
            progress(str(spec), done, total)

        if spec not in made:
            made[spec] = materialize(spec, progress=tell)
        return made[spec].path

    def paths(specs: Sequence[Specification | str]) -> list[str]:
        return [spec if isinstance(spec, str) else str(make(spec)) for spec in specs]

    texts, held_texts = paths(parsed), paths(held)
    names: dict[str, str] = {}
    firsts = []
    for spec in before:
        whole = next((whole for whole in made if isinstance(spec, Specification) and whole.holds(spec)), None)
        if whole is None or isinstance(spec, str):
            firsts += paths([spec])
        else:
            path = str(take_part(whole, spec))
            firsts.append(path)
            names[path] = f"{spec.brief()} of the text"

    held_worlds = [made[spec] for spec in held if isinstance(spec, Specification)]
    bound = None
    if held_worlds and len(held_worlds) == len(held):
        bound = sum(world.bits for world in held_worlds) / sum(world.num_bytes for world in held_worlds)
    names |= {str(world.path): spec.brief() for spec, world in made.items()}
    return Texts(texts, held_texts, bound, firsts, names)


def planned_bytes(source: str) -> int:
    """Bytes of text that the source `world:…` would give; nothing is made."""
    return round(Specification.parse(source).megabytes * 1e6)
