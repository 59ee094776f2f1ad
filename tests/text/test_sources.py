from __future__ import annotations

import gzip
import io
import json
import os
import sys
import threading
from pathlib import Path

import pytest

from upwell.errors import UserError
from upwell.text.decoding import Piece
from upwell.text.sources import Source, open_source, open_sources


def documents(source: Source) -> list[str]:
    texts, held = [], ""
    for piece in source.pieces():
        held += piece.text
        if piece.ends_document:
            texts.append(held)
            held = ""
    assert not held
    return texts


def read(path: object, **options: str | None) -> list[str]:
    return documents(open_source(str(path), **options))  # type: ignore[arg-type]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    return path


def test_source_reads_plain_text_cleaned(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "\ufeffe\u0301\r\nb\rc")
    assert read(path) == ["é\nb\nc"]
    assert open_source(path).num_bytes == path.stat().st_size


def test_source_can_be_read_again(tmp_path: Path) -> None:
    source = open_source(write(tmp_path / "a.md", "abc"))
    assert documents(source) == documents(source) == ["abc"]


def test_source_reads_unknown_endings_named_by_hand(tmp_path: Path) -> None:
    assert read(write(tmp_path / "README", "abc")) == ["abc"]
    assert open_source(tmp_path / "README").description.endswith("README: plain text")


def test_source_reads_gzip_and_finds_truncation(tmp_path: Path) -> None:
    data = gzip.compress(b"hello " * 1000)
    (tmp_path / "a.txt.gz").write_bytes(data)
    assert read(tmp_path / "a.txt.gz") == ["hello " * 1000]
    (tmp_path / "a.txt.gz").write_bytes(data[:-9])
    with pytest.raises(UserError, match="ends too early"):
        read(tmp_path / "a.txt.gz")
    (tmp_path / "a.txt.gz").write_bytes(b"plain")
    with pytest.raises(UserError, match="not a sound gzip file"):
        read(tmp_path / "a.txt.gz")


def test_source_reads_zstd_frames_and_finds_truncation(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    one = zstandard.compress(b"hello " * 100_000)
    (tmp_path / "a.txt.zst").write_bytes(one + one)
    assert read(tmp_path / "a.txt.zst") == ["hello " * 200_000]
    for cut in (one[:-1], one[:20], one[:3]):
        (tmp_path / "a.txt.zst").write_bytes(cut)
        with pytest.raises(UserError, match="ends too early"):
            read(tmp_path / "a.txt.zst")
    (tmp_path / "a.txt.zst").write_bytes(b"plain text")
    with pytest.raises(UserError, match="not a sound zstd file"):
        read(tmp_path / "a.txt.zst")


def test_source_counts_offsets_in_decompressed_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"abc" * 1000 + b"\xff"))
    with pytest.raises(UserError, match=r"\(decompressed\): byte 3000 is not utf-8"):
        read(tmp_path / "a.txt.gz")


def test_source_reads_json_lines(tmp_path: Path) -> None:
    rows = [{"id": 1, "text": "a\nb"}, {"id": 2, "text": "e\u0301\u2028x"}, {"id": 3, "text": None}]
    lines = "\n".join(json.dumps(row, ensure_ascii=number == 0) for number, row in enumerate(rows))
    path = write(tmp_path / "a.jsonl", f"\n{lines}\r\n\r\n")
    assert read(path) == ["a\nb", "é\u2028x"]
    assert open_source(path).description.endswith("JSON lines, text from column 'text' (by its name)")
    assert read(write(tmp_path / "b.ndjson", '"one"\n"two"\n')) == ["one", "two"]


def test_a_list_in_json_lines_is_a_document_of_prompts_and_answers(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '["Q: e\\u0301?\\r\\n", "yes\\n", "Q:", "no"]\n["", "story"]\n[]\n"plain"\n')
    pieces = list(open_source(path).pieces())
    assert pieces == [
        Piece("Q: é?\n", False, True),
        Piece("yes\n", False),
        Piece("Q:", False, True),
        Piece("no", True),
        Piece("story", True),
        Piece("plain", True),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{bad", "line 2 is not JSON"),
        ("[" * 200_000, "line 2 is not JSON"),
        ('{"text": ' + "9" * 5000 + "}", "line 2 is not JSON"),
        ("3", "line 2 is neither a JSON object nor a JSON string or list"),
        ('["a", 3]', "line 2 is a list of something else than strings"),
        ('{"other": "a"}', "line 2 has no column 'text'; it has: other"),
        ('{"text": 3}', "line 2 holds int instead of text in column 'text'"),
        ('{"text": "\\ud800"}', "line 2: holds half of a surrogate pair"),
    ],
)
def test_source_names_the_bad_json_line(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "a"}\n' + line + "\n")
    with pytest.raises(UserError, match=message) as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_source_reads_csv_with_quotes_and_long_fields(tmp_path: Path) -> None:
    long = "x" * 300_000
    assert read(write(tmp_path / "a.csv", f'id,text\n1,"a, ""b""\nc"\n\n2,{long}\n')) == ['a, "b"\nc', long]
    assert read(write(tmp_path / "b.csv", "id;text\n1;a\n")) == ["a"]
    with pytest.raises(UserError, match="line 3 has 3 cells where the first has 2"):
        read(write(tmp_path / "c.csv", "id,text\n1,a\n2,b,c\n"))
    with pytest.raises(UserError, match="is not sound CSV"):
        read(write(tmp_path / "d.csv", 'id,text\n1,"a\n'))


def test_source_reads_tsv_with_and_without_header(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a.tsv", 'label\ttext\n1\tsay "hi\n')) == ['say "hi']
    path = write(tmp_path / "b.tsv", "Hi.\tYou are here.\nRun!\tGo on.\n")
    assert read(path) == ["You are here.", "Go on."]
    assert read(path, column="1") == ["Hi.", "Run!"]
    with pytest.raises(UserError, match="has no column 'x'; it has: 1, 2"):
        open_source(path, column="x")


def test_source_reads_parquet(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = arrow.table({"id": [1, 2, 3], "text": ["a", None, "e\u0301"]})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet") == ["a", "é"]
    parquet.write_table(table.set_column(1, "text", table["text"].dictionary_encode()), tmp_path / "b.parquet")
    assert read(tmp_path / "b.parquet") == ["a", "é"]
    data = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(data[:-20])
    with pytest.raises(UserError, match="is not a sound Parquet file"):
        read(tmp_path / "a.parquet")


@pytest.mark.parametrize(("module", "name"), [("zstandard", "a.txt.zst"), ("pyarrow", "a.parquet")])
def test_source_says_how_to_install_an_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    (tmp_path / name).write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=r'pip install "upwell\[text\]"'):
        read(tmp_path / name)


def test_source_reads_folders_in_order_without_hidden_and_unknown(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/.hidden.txt", ".git/x.txt", "code.py", "c.jsonl"):
        write(tmp_path / name, '"json"' if name.endswith("jsonl") else name)
    assert read(tmp_path) == ["a/z.txt", "b.txt", "json"]
    with pytest.raises(UserError, match=r"holds no file ending in .txt .*\(1 of other kinds"):
        open_source(write(tmp_path / "other" / "x.py", "").parent)


def test_source_reads_globs(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/y.md", "odd[1].txt"):
        write(tmp_path / name, name)
    assert sorted(read(tmp_path / "**" / "*.txt")) == ["a/z.txt", "b.txt", "odd[1].txt"]
    assert read(tmp_path / "odd[1].txt") == ["odd[1].txt"]
    with pytest.raises(UserError, match="matches no file"):
        open_source(tmp_path / "*.xyz")


def test_source_reads_standard_input_more_than_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("红\r\n".encode()), encoding="ascii"))
    source = open_source("-")
    assert documents(source) == documents(source) == ["红\n"]
    assert source.fingerprint() == source.fingerprint()
    assert source.num_bytes == 5
    with pytest.raises(UserError, match="only once"):
        open_sources(["-", "-"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_source_reads_a_pipe_more_than_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"abc",))
    writer.start()
    source = open_source(tmp_path / "pipe")
    writer.join()
    assert documents(source) == documents(source) == ["abc"]


def test_source_says_what_is_missing(tmp_path: Path) -> None:
    write(tmp_path / "novel.txt", "a")
    with pytest.raises(UserError, match="no such file or folder; did you mean novel.txt"):
        open_source(tmp_path / "novle.txt")
    with pytest.raises(UserError, match="there is no folder"):
        open_source(tmp_path / "none" / "novel.txt")
    with pytest.raises(UserError, match="cannot be read"):
        open_source("a\0b")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n", "an image"),
        (b"PK\x03\x04abc", "a zip archive"),
        (b"\x80\x02\x8a\nl\xfc", "a pickle"),
        (b"\x1f\x8b\x08", "a gzip file"),
        (b"\x08\0\0\0\0\0\0\0" + b'{"a":{}}', "a model file"),
        (b"abc\0def", "binary"),
    ],
)
def test_source_refuses_what_is_no_text(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(UserError, match=message):
        open_source(tmp_path / "a.txt")


def test_source_refuses_run_folders_and_devices(tmp_path: Path) -> None:
    write(tmp_path / "config.json", "{}")
    write(tmp_path / "model.safetensors", "x")
    with pytest.raises(UserError, match="is a run"):
        open_source(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="only other users than root are refused")
def test_source_refuses_unreadable_files(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "a").chmod(0)
    with pytest.raises(UserError, match="cannot be read"):
        open_source(tmp_path / "a.txt")


def test_source_without_any_text_is_empty(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no column holds text"):
        read(write(tmp_path / "a.jsonl", '{"text": ""}\n'))
    with pytest.raises(UserError, match="is empty"):
        read(write(tmp_path / "b.jsonl", '{"text": ""}\n'), column="text")
    with pytest.raises(UserError, match="is empty"):
        read(write(tmp_path / "c.txt", "\ufeff"))


def test_source_refuses_a_column_of_plain_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no columns"):
        open_source(write(tmp_path / "a.txt", "a"), column="text")


def test_fingerprint_follows_content_and_options_only(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.txt", "same"), write(tmp_path / "b.txt", "same")
    os.utime(b, (0, 0))
    assert open_source(a).fingerprint() == open_source(b).fingerprint()
    assert open_source(a).fingerprint() != open_source(b, errors="replace").fingerprint()
    assert open_source(a).fingerprint() != open_source(b, encoding="latin-1").fingerprint()
    assert open_source(a).fingerprint() != open_source(write(b, "other")).fingerprint()
