"""The world as a corpus: order, processes, cache, specification, source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from upwell.api.training_runs import default_first, default_world
from upwell.errors import UserError
from upwell.text.sources import open_source
from upwell.training.options import TrainOptions
from upwell.world.corpus import documents, make_document, make_example, materialize
from upwell.world.source import open_worlds, planned_bytes
from upwell.world.specification import Specification, is_world

SMALL = Specification(megabytes=0.05)


def texts(path: Path) -> list[str]:
    return ["".join(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def test_documents_do_not_depend_on_order_or_share() -> None:
    whole = [make_document(SMALL, index) for index in range(6)]
    assert [make_document(SMALL, index) for index in (5, 3, 1)] == whole[5::-2]
    stream = documents(SMALL, start=1, step=2)
    assert [next(stream) for _ in range(3)] == whole[1::2]
    assert all(document.bits > 0 and document.text for document in whole)


def test_examples_are_of_the_specification() -> None:
    spec = Specification.parse("world:views=qa+dictionary,language=zh,level=4,split=test,seed=3")
    for index in range(20):
        example = make_example(spec, index)
        assert example.view in ("qa", "dictionary")
        assert (example.language, example.level, example.split) == ("zh", 4, "test")


def test_corpus_on_disk_holds_the_documents_and_their_bits(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    made = materialize(SMALL, cache=tmp_path, progress=lambda done, total: heard.append((done, total)))
    assert texts(made.path) == [make_document(SMALL, index).text for index in range(made.num_documents)]
    assert made.num_bytes == sum(len(text.encode()) for text in texts(made.path))
    assert 50_000 <= made.num_bytes < 60_000 and heard[-1] == (50_000, 50_000)
    assert made.bits == pytest.approx(sum(make_document(SMALL, i).bits for i in range(made.num_documents)), rel=1e-4)
    assert 0.05 < made.bound < 2


def test_corpus_is_made_once_and_a_damaged_one_again(tmp_path: Path) -> None:
    made = materialize(SMALL, cache=tmp_path)
    before = made.path.stat().st_mtime_ns
    assert materialize(SMALL, cache=tmp_path) == made and made.path.stat().st_mtime_ns == before
    content = made.path.read_bytes()
    made.path.write_bytes(content[:100])
    assert materialize(SMALL, cache=tmp_path).path.read_bytes() == content


def test_several_processes_write_the_same(tmp_path: Path) -> None:
    spec = Specification(megabytes=0.45, views=("story", "qa"))
    one = materialize(spec, cache=tmp_path / "one", processes=1)
    two = materialize(spec, cache=tmp_path / "two", processes=2)
    assert one.path.read_bytes() == two.path.read_bytes()
    assert one.bits == two.bits


def test_specification_reads_what_it_writes() -> None:
    spec = Specification.parse("world:level=2,views=translation+qa,language=zh,seed=1,megabytes=20")
    assert spec == Specification(("translation", "qa"), ("zh",), (2,), "train", 1, 20.0)
    assert Specification.parse(str(spec)) == spec == Specification.from_dict(json.loads(json.dumps(spec.to_dict())))
    assert Specification.parse("world:") == Specification()
    assert Specification.parse(spec.brief()) == spec
    assert Specification.parse("world:split=valid,seed=0").brief() == "world:split=valid,megabytes=1"
    assert Specification.parse("world:view=qa+story").views == ("story", "qa")
    assert Specification.parse("world:split=test").megabytes == 1.0
    assert Specification.parse("world:", default_split="valid").split == "valid"
    assert is_world("world:") and not is_world("world.txt")
    assert planned_bytes("world:megabytes=0.5") == 500_000


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("world:views=tranlation", "did you mean translation"),
        ("world:levl=2", "did you mean level"),
        ("world:level=5", "choose from 1, 2, 3, 4"),
        ("world:language=fr", "choose from en, zh"),
        ("world:split=tset", "did you mean test"),
        ("world:qa", "is not of the form name=value"),
        ("world:seed=x", "is not a number"),
        ("world:megabytes=0", "must be above 0"),
        ("world:megabytes=nan", "must be above 0"),
        ("world:seed=1,seed=2", "stands twice"),
    ],
)
def test_errors_name_the_nearest_known_word(source: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Specification.parse(source)


def test_sources_of_the_world_become_files_with_their_own_validation() -> None:
    spec = "world:views=dictionary,megabytes=0.01"
    found = open_worlds([spec])
    assert len(found.sources) == len(found.valid) == 1 and found.sources != found.valid
    assert found.bound is not None and found.bound > 0
    assert open_source(found.sources[0]).description.endswith("JSON lines")
    assert found.described(f"{found.valid[0]}: x") == f"{Specification.parse(spec).held_out().brief()}: x"


def test_other_sources_stay_as_they_are() -> None:
    found = open_worlds(["a.txt", "world:views=dictionary,megabytes=0.01"], ["b.txt"])
    assert found.sources[0] == "a.txt" and found.valid == ["b.txt"] and found.bound is None
    assert open_worlds(["a.txt"]).sources == ["a.txt"] and open_worlds(["a.txt"]).valid == []


def test_what_comes_first_is_of_the_training_split_and_holds_nothing_out() -> None:
    spec = "world:views=qa,level=1,megabytes=0.02"
    found = open_worlds(["a.txt"], first=[spec])
    assert (found.sources, found.valid, found.bound) == (["a.txt"], [], None)
    assert found.names == {found.first[0]: spec} == {open_worlds([spec]).sources[0]: spec}


def test_a_part_of_the_text_is_taken_from_it() -> None:
    spec, part = (
        "world:views=qa+dictionary,level=1+2,megabytes=0.1",
        "world:views=qa,level=2,language=zh,megabytes=0.01",
    )
    found = open_worlds([spec], first=[part])
    lines = Path(found.sources[0]).read_text(encoding="utf-8").splitlines()
    whole = Specification.parse(spec)
    documents = [make_document(whole, index) for index in range(len(lines))]
    kind = ("qa", "zh", 2)
    wanted = [
        line for line, found in zip(lines, documents, strict=True) if (found.view, found.language, found.level) == kind
    ]
    taken = Path(found.first[0]).read_text(encoding="utf-8").splitlines()
    assert 3 < len(taken) < len(wanted) and taken == wanted[: len(taken)]
    assert sum(len("".join(json.loads(line)).encode("utf-8")) for line in taken[:-1]) < 10_000
    assert found.described(found.first[0]).endswith("of the text")
    for other in ("seed=1", "split=test", "level=3"):
        assert not whole.holds(Specification.parse(f"world:views=qa,{other}"))


def test_the_default_run_reads_parts_of_its_own_text_first() -> None:
    for options in (TrainOptions(minutes=5), TrainOptions(tokens="3m"), TrainOptions(epochs=1)):
        whole = Specification.parse(default_world(options))
        sizes = [Specification.parse(part).megabytes for part in default_first(options)]
        assert all(whole.holds(Specification.parse(part)) for part in default_first(options))
        assert len(sizes) == 2 and sum(sizes) < whole.megabytes / 3
    assert default_first(TrainOptions(minutes=0.5)) == default_first(TrainOptions(tokens=1e6)) == ()
