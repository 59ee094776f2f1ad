from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from upwell.errors import UserError
from upwell.text.cleaning import preparation as module
from upwell.text.cleaning.characters import Texts
from upwell.text.cleaning.duplicates import Sketches, copies, similarity
from upwell.text.cleaning.preparation import prepare
from upwell.text.corpus import prepared_corpus
from upwell.text.prepared import find_prepared
from upwell.text.sources import open_source

WORDS = (
    "river mountain letter window garden winter morning paper silver market evening bridge village teacher yellow answer "
    "kitchen summer station picture captain forest island doctor money corner minute story number question water ship"
).split()


def _story(chance: random.Random, words: int = 120) -> str:
    return (
        " ".join(
            chance.choice(WORDS) + str(chance.randint(0, 99)) if i % 7 == 0 else chance.choice(WORDS)
            for i in range(words)
        )
        + "."
    )


def _write(path: Path, texts: list[str]) -> Path:
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return path


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    """Sixty stories and what real text brings: copies, markup, mojibake, private data, noise, damaged rows."""
    chance = random.Random(1)
    stories = [_story(chance) for _ in range(60)]
    texts = [
        *stories,
        stories[3],
        stories[5].replace("garden", "garten"),
        f"<html><body><p>{_story(chance)}</p><script>x()</script></body></html>",
        "The cafÃ© isnâ€™t open. " + _story(chance),
        "Write to anna@example.com. " + _story(chance),
        "??? !!! ...",
    ]
    path = _write(tmp_path / "dirty.jsonl", texts)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"text": "broken\n')
    return path


def _content(folder: Path) -> dict[str, str]:
    """Hashes of everything but the report, whose times differ."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("report")
    }


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_prepare_counts_every_step(dirty: Path, tmp_path: Path) -> None:
    prepared = prepare(dirty, out=tmp_path / "out", workers=1)
    steps = {step["name"]: step for step in prepared.report()["steps"]}
    assert steps["read"]["documents_in"] == 66
    assert steps["read"]["counts"] == {"damaged rows": 1}
    assert steps["markup"]["changed"] == 1
    assert steps["repair"]["changed"] == 1
    assert steps["private"]["counts"] == {"email": 1}
    assert steps["quality"]["removed"] == {"no words": 1}
    assert steps["duplicates"]["removed"] == {"equal to another": 1, "near copy of another": 1}
    assert steps["duplicates"]["examples"]["equal to another"][0]["of"].endswith("dirty.jsonl 4")
    rows = [*_rows(prepared.text("train")), *_rows(prepared.text("valid"))]
    assert len(rows) == 63 == prepared.content["documents"]["out"]
    assert [row["number"] for row in _rows(prepared.text("train"))] == sorted(
        row["number"] for row in _rows(prepared.text("train"))
    )
    said = " ".join(row["text"] for row in rows)
    assert "[EMAIL]" in said and "café isn’t" in said and "<p>" not in said and "garten" not in said


def test_prepared_text_is_a_corpus(dirty: Path, tmp_path: Path) -> None:
    prepared = prepare(dirty, out=tmp_path / "out", workers=1)
    corpus = prepared_corpus(prepared)
    for split, store in (("train", corpus.train), ("valid", corpus.valid)):
        texts = [row["text"] for row in _rows(prepared.text(split))]
        assert [corpus.tokenizer.decode(store.document(i)) for i in range(store.num_documents)] == texts
        assert store.num_bytes == sum(len(text.encode()) for text in texts)
    assert not set(map(str, _rows(prepared.text("train")))) & set(map(str, _rows(prepared.text("valid"))))
    assert [file.path.name for file in open_source(tmp_path / "out").files] == ["train.jsonl"]


def test_workers_and_interruptions_give_the_same(dirty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "read_batches", lambda sources, documents: _small(sources, documents))
    one = prepare(dirty, out=tmp_path / "one", workers=1)
    two = prepare(dirty, out=tmp_path / "two", workers=2)
    assert _content(one.folder) == _content(two.folder)

    seen: list[str] = []

    def stop_at(place: int) -> Any:
        def observe(kind: str, figures: dict[str, Any]) -> None:
            seen.append(kind)
            if len(seen) == place:
                raise KeyboardInterrupt

        return observe

    events = 0
    for place in range(1, 60, 4):
        seen.clear()
        try:
            prepare(dirty, out=tmp_path / "cut", workers=1, observe=stop_at(place))
            break
        except KeyboardInterrupt:
            events += 1
            assert find_prepared(tmp_path / "cut") is None
    assert events > 3
    assert _content(tmp_path / "cut") == _content(one.folder)


def _small(sources: Any, documents: str) -> Any:
    from upwell.text.cleaning.documents import read_batches

    return read_batches(sources, documents=documents, size=1 << 12)


def test_killed_run_goes_on(tmp_path: Path) -> None:
    chance = random.Random(2)
    source = _write(tmp_path / "many.jsonl", [_story(chance, 300) for _ in range(2500)])
    command = [
        sys.executable,
        "-m",
        "upwell",
        "prepare",
        str(source),
        "--workers",
        "2",
        "--quiet",
        "--skip",
        "language",
    ]
    subprocess.run([*command, "--out", str(tmp_path / "whole")], check=True)
    process = subprocess.Popen([*command, "--out", str(tmp_path / "killed")], start_new_session=True)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "killed" / "work").glob("batch-*.npz")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed" / "prepared.json").exists()
    subprocess.run([*command, "--out", str(tmp_path / "killed")], check=True)
    assert _content(tmp_path / "killed") == _content(tmp_path / "whole")
    assert not (tmp_path / "killed" / "work").exists()


def test_prepare_again_is_done_already(dirty: Path, tmp_path: Path) -> None:
    first = prepare(dirty, out=tmp_path / "out", workers=1)
    before = (first.folder / "report.json").stat().st_mtime_ns
    assert prepare(dirty, out=tmp_path / "out", workers=2).content == first.content
    assert (first.folder / "report.json").stat().st_mtime_ns == before
    with pytest.raises(UserError, match="from other sources or with other options; add --overwrite"):
        prepare(dirty, out=tmp_path / "out", workers=1, skip=("markup",))
    second = prepare(dirty, out=tmp_path / "out", workers=1, skip=("markup",), overwrite=True)
    assert second.content["key"] != first.content["key"]


def test_prepare_keeps_off_what_is_not_its_own(dirty: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", encoding="utf-8")
    for overwrite in (False, True):
        with pytest.raises(UserError, match="choose another folder"):
            prepare(dirty, out=tmp_path / "mine", overwrite=overwrite)
    assert (tmp_path / "mine" / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_prepare_says_where_nothing_is_left(tmp_path: Path) -> None:
    source = _write(tmp_path / "noise.jsonl", ["???", "!!!"])
    with pytest.raises(UserError, match=r"nothing is left of .*no words: 2"):
        prepare(source, out=tmp_path / "out", workers=1)


def test_skipped_steps_do_nothing(dirty: Path, tmp_path: Path) -> None:
    every = ("repair", "markup", "normalise", "language", "private", "quality", "duplicates", "tokens")
    prepared = prepare(dirty, out=tmp_path / "out", workers=1, skip=every)
    assert prepared.content["documents"] == {"in": 66, "out": 66}
    assert not prepared.has_tokens
    assert [step["name"] for step in prepared.report()["steps"]] == ["read", "sketch", "groups"]
    texts = {row["text"] for split in ("train", "valid") for row in _rows(prepared.text(split))}
    assert texts == {row["text"] for row in map(json.loads, dirty.read_text(encoding="utf-8").splitlines()[:-1])}


def test_kept_copies_stay_on_one_side(tmp_path: Path) -> None:
    chance = random.Random(3)
    stories = [_story(chance) for _ in range(40)]
    source = _write(tmp_path / "pairs.jsonl", [*stories, *(story + " The end." for story in stories)])
    prepared = prepare(source, out=tmp_path / "out", workers=1, skip=("duplicates",), valid=0.3)
    numbers = {split: {row["number"] for row in _rows(prepared.text(split))} for split in ("train", "valid")}
    assert len(numbers["train"]) + len(numbers["valid"]) == 80
    assert numbers["valid"]
    for held in numbers["valid"]:
        assert (held + 40 if held <= 40 else held - 40) in numbers["valid"]


def test_near_copies_are_found_and_others_are_not() -> None:
    chance = random.Random(4)
    originals = [_story(chance, chance.randint(60, 300)) for _ in range(300)]
    edited = []
    for text in originals:
        words = text.split()
        for place in chance.sample(range(len(words)), max(1, len(words) // 50)):
            words[place] = "changed"
        edited.append(" ".join(words))
    texts = [*originals, *edited]
    sketches = Sketches.of(texts, Texts(texts))
    first = copies(sketches, near=True)
    found = sum(first[300 + i] == i for i in range(300))
    false = sum(first[i] != i for i in range(300))
    assert found >= 0.9 * 300, found
    assert false <= 0.01 * 300, false
    assert (copies(sketches, near=False) == np.arange(600)).all()


def test_similarity_estimates_the_overlap() -> None:
    chance = random.Random(5)
    errors = []
    for _ in range(60):
        words = [chance.choice(WORDS) + str(chance.randint(0, 999)) for _ in range(200)]
        other = list(words)
        for place in chance.sample(range(200), chance.randint(0, 20)):
            other[place] = "x"
        sets = [{tuple(text[i : i + 5]) for i in range(196)} for text in (words, other)]
        overlap = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
        texts = [" ".join(words), " ".join(other)]
        sketches = Sketches.of(texts, Texts(texts))
        errors.append(similarity(sketches.values[:1], sketches.values[1:])[0] - overlap)
    assert abs(np.mean(errors)) < 0.015  # theory: 0.04 / sqrt(60) = 0.005
    assert 0.02 < np.std(errors) < 0.06


def test_other_encodings_are_guessed_line_by_line(tmp_path: Path) -> None:
    chinese = "今天天气很好，我们去公园玩吧，然后回家吃饭。\n"
    french = "Le café était fermé à cause de la fête près de la forêt.\n"
    path = tmp_path / "mixed.txt"
    path.write_bytes(
        (chinese * 3).encode("gb18030") + ("Plain words.\n" + chinese).encode() + (french * 3).encode("cp1252")
    )
    source = open_source(path, encoding="auto", errors="replace")
    assert "".join(piece.text for piece in source.pieces()) == chinese * 3 + "Plain words.\n" + chinese + french * 3
    assert source.reading.found.total() == 6
    (tmp_path / "wide.txt").write_bytes(chinese.encode("utf-16"))
    assert next(open_source(tmp_path / "wide.txt", encoding="auto").pieces()).text == chinese


@pytest.mark.parametrize("cut", ["paragraph", "line"])
def test_plain_text_is_cut_where_asked(tmp_path: Path, cut: str) -> None:
    chance = random.Random(6)
    parts = [_story(chance, 40) for _ in range(50)]
    (tmp_path / "parts.txt").write_text(("\n\n" if cut == "paragraph" else "\n").join(parts), encoding="utf-8")
    prepared = prepare(tmp_path / "parts.txt", out=tmp_path / "out", workers=1, documents=cut)
    rows = sorted(
        (row for split in ("train", "valid") for row in _rows(prepared.text(split))), key=lambda row: row["number"]
    )
    assert [row["text"] for row in rows] == parts


def test_one_long_line_is_taken_in_parts(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("这是一句很长的话没有标点" * 300_000 + "end", encoding="utf-8")
    prepared = prepare(tmp_path / "long.txt", out=tmp_path / "out", workers=1, skip=("quality", "duplicates", "tokens"))
    assert prepared.content["documents"]["in"] >= 3
    assert prepared.content["bytes"]["out"] == prepared.content["bytes"]["in"] == 3 * 12 * 300_000 + 3


def test_files_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    chance = random.Random(7)
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(25):
        (folder / f"{number:02}.txt").write_text(_story(chance), encoding="utf-8")
    (folder / "image.txt").write_bytes(b"\x89PNG\r\n" + bytes(100))
    with gzip.open(folder / "cut.txt.gz", "wb") as file:
        file.write(_story(chance, 400_000).encode())
    (folder / "cut.txt.gz").write_bytes((folder / "cut.txt.gz").read_bytes()[:-3000])
    prepared = prepare(folder, out=tmp_path / "out", workers=1)
    found = prepared.report()["steps"][0]["counts"]
    assert found == {"files without text": 1, "files that break off": 1}
    with pytest.raises(UserError, match="is not a text but an image"):
        prepare(folder, out=tmp_path / "strict", workers=1, errors="strict")


def test_tokenizers_are_compared_on_the_same_text(dirty: Path, tmp_path: Path) -> None:
    prepared = prepare(
        dirty, out=tmp_path / "out", workers=1, tokenizer="bpe", compare=("byte", "word"), vocab_size=400
    )
    report = prepared.report()
    rows = [report["tokenizer"], *report["compared"]]
    assert [row["kind"] for row in rows] == ["bpe", "byte", "word"]
    assert [row["vocab_size"] for row in rows] == [400, 257, 306]  # the words that come twice
    assert rows[1]["bytes_per_token"] == 1.0 == rows[1]["spelled"]
    assert rows[0]["bytes_per_token"] > 2 and rows[2]["bytes_per_token"] > 2
    assert all(row["round_trip_failures"] == 0 for row in rows)
    with pytest.raises(UserError, match="unknown --compare 'sentence': choose among char, byte"):
        prepare(dirty, out=tmp_path / "other", workers=1, compare=("sentence",))


def test_a_full_disk_is_said_and_what_is_done_stays(
    dirty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = prepare(dirty, out=tmp_path / "whole", workers=1)

    def full(self: Any, *arguments: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(module._Preparation, "_write", full)
        with pytest.raises(UserError, match="out: the disk is full; make room and give the same command again"):
            prepare(dirty, out=tmp_path / "out", workers=1)
    assert list((tmp_path / "out" / "work").glob("batch-*.npz"))
    assert _content(prepare(dirty, out=tmp_path / "out", workers=1).folder) == _content(whole.folder)


def test_prompts_are_left_to_training(tmp_path: Path) -> None:
    (tmp_path / "chat.jsonl").write_text('["Capital of France?", " Paris"]\n' * 30, encoding="utf-8")
    with pytest.raises(UserError, match="holds prompts and answers, which upwell train reads as they are"):
        prepare(tmp_path / "chat.jsonl", out=tmp_path / "out", workers=1)


def test_damaged_work_is_done_again(dirty: Path, tmp_path: Path) -> None:
    def stop(kind: str, figures: dict[str, Any]) -> None:
        if kind == "decide":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(dirty, out=tmp_path / "out", workers=1, observe=stop)
    (batch,) = (tmp_path / "out" / "work").glob("batch-*.npz")
    batch.write_bytes(batch.read_bytes()[:-1000])
    with pytest.raises(UserError, match="was damaged and is removed; run the same command again"):
        prepare(dirty, out=tmp_path / "out", workers=1)
    prepare(dirty, out=tmp_path / "out", workers=1)
    assert find_prepared(tmp_path / "out") is not None


@pytest.mark.filterwarnings("ignore")
def test_a_ray_cluster_gives_the_same(dirty: Path, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install upwell[ray]")
    try:
        cluster = prepare(dirty, out=tmp_path / "ray", workers=2, engine="ray")
    finally:
        ray.shutdown()
    assert _content(cluster.folder) == _content(prepare(dirty, out=tmp_path / "local", workers=2).folder)
