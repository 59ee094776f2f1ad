"""Data sets of the hub, by the same path from local files: the library takes a folder of that name for the data set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from upwell.errors import UserError
from upwell.text.cleaning.preparation import prepare
from upwell.text.labelled import read_classes, read_tags
from upwell.text.sources import open_source

pytest.importorskip("datasets", reason="datasets is not installed: pip install upwell[hub]")
arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install upwell[hub]")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from pyarrow import parquet

    folder = tmp_path / "owner" / "stories"
    folder.mkdir(parents=True)
    for split, count in (("train", 60), ("test", 5)):
        rows = {
            "title": [f"t{i}" for i in range(count)],
            "text": [f"The {split} story number {i} is about a cat, a dog {i * i} and the sea." for i in range(count)],
        }
        parquet.write_table(arrow.table(rows), folder / f"{split}.parquet")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    return folder


def test_hub_is_read_like_the_files_behind_it(hub: Path) -> None:
    read = [piece.text for piece in open_source("hf://owner/stories").pieces()]
    assert read == [piece.text for piece in open_source(hub / "train.parquet").pieces()]
    assert [piece.text for piece in open_source("hf://owner/stories:test:title").pieces()] == [
        f"t{i}" for i in range(5)
    ]
    assert "text from column 'text'" in open_source("hf://owner/stories").description


def test_hub_gives_labels_by_their_names(hub: Path) -> None:
    from datasets import ClassLabel, Dataset, Features, List, Value

    kinds = ClassLabel(names=["bad", "good"])
    rows = {
        "text": ["one", "two", "three"],
        "label": [0, 1, -1],
        "tokens": [["a", "b"], ["c"], ["d"]],
        "ner_tags": [[0, 1], [1], [0]],
    }
    features = Features(
        {
            "text": Value("string"),
            "label": kinds,
            "tokens": List(Value("string")),
            "ner_tags": List(ClassLabel(names=["O", "B-X"])),
        }
    )
    (hub.parent / "labelled").mkdir()
    Dataset.from_dict(rows, features=features).to_parquet(str(hub.parent / "labelled" / "train.parquet"))
    found = read_classes("hf://owner/labelled")
    assert found.labels == {"bad": 1, "good": 1} and found.left_out == {"without a label": 1}
    assert read_tags("hf://owner/labelled").rows[0].tags == ("O", "B-X")


def test_hub_is_prepared(hub: Path, tmp_path: Path) -> None:
    prepared = prepare("hf://owner/stories", out=tmp_path / "out", workers=1, near=1)
    assert prepared.content["documents"] == {"in": 60, "out": 60}
    row = json.loads(prepared.text("train").read_text(encoding="utf-8").splitlines()[0])
    assert row["source"] == "hf://owner/stories"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("hf://owner", "is not of the form hf://owner/name"),
        ("hf://owner/stories:none", "cannot be opened"),
        ("hf://owner/nothing", "cannot be opened"),
        ("hf://owner/stories:train:body", "has no column 'body'"),
    ],
)
def test_hub_errors_are_one_line(hub: Path, spec: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        open_source(spec)
    assert said in str(error.value) and "\n" not in str(error.value)
