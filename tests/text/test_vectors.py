from __future__ import annotations

import gzip
import shutil
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.errors import UserError
from upwell.text import WordVectors, load_vectors
from upwell.text.sources import open_sources
from upwell.text.vectors import reading, save_vectors
from upwell.text.vectors.cutting import cut_words, find_segmenter
from upwell.text.vectors.evaluation import score_analogies, score_pairs
from upwell.text.vectors.training import train_vectors

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the data sets in ../shared/data are not here")

WORDS = st.text(st.characters(exclude_categories=("Zs", "Zl", "Zp", "Cc", "Cs")), min_size=1, max_size=8).filter(
    lambda word: word == word.strip() and word
)
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def any_vectors(draw: Any) -> WordVectors:
    words = draw(st.lists(WORDS, min_size=1, max_size=6, unique=True))
    dimension = draw(st.integers(1, 4))
    rows = draw(
        st.lists(st.lists(NUMBERS, min_size=dimension, max_size=dimension), min_size=len(words), max_size=len(words))
    )
    return WordVectors(tuple(words), np.array(rows, np.float32))


def some_vectors(count: int = 60, dimension: int = 8, seed: int = 0) -> WordVectors:
    """Words in several spellings, so that capitals matter."""
    names = [f"{'wW'[i % 2]}{'oO'[i // 2 % 2]}rd{i // 4}" for i in range(count)]
    return WordVectors(tuple(names), np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32))


def assert_same(one: WordVectors, other: WordVectors) -> None:
    assert one.words == other.words
    np.testing.assert_array_equal(one.matrix, other.matrix)


@pytest.fixture
def gensim() -> Any:
    return pytest.importorskip("gensim.models", exc_type=ImportError)


@pytest.mark.parametrize("ending", ["txt", "vec", "bin"])
@given(vectors=any_vectors())
@settings(max_examples=60, deadline=None)
def test_vectors_come_back_bit_by_bit(
    ending: str, vectors: WordVectors, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"round.{ending}"
    save_vectors(vectors, path)
    assert_same(load_vectors(path), vectors)


@pytest.mark.parametrize("ending", ["txt", "bin"])
@given(vectors=any_vectors())
@settings(max_examples=25, deadline=None)
def test_files_are_read_as_gensim_reads_them(
    ending: str, vectors: WordVectors, tmp_path_factory: pytest.TempPathFactory
) -> None:
    gensim = pytest.importorskip("gensim.models", exc_type=ImportError)
    path = tmp_path_factory.getbasetemp() / f"peer.{ending}"
    save_vectors(vectors, path)
    peer = gensim.KeyedVectors.load_word2vec_format(path, binary=ending == "bin")
    assert_same(load_vectors(path), WordVectors(tuple(peer.index_to_key), peer.vectors))
    peer.save_word2vec_format(path, binary=ending == "bin")
    assert_same(load_vectors(path), vectors)


@given(content=st.binary(max_size=60) | st.text("ab 01.5-e\n\t", max_size=60).map(str.encode), head=st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_vectors_or_one_clear_line(
    content: bytes, head: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes((b"2 2\n" if head else b"") + content)
    said = ""
    try:
        vectors = load_vectors(path)
    except UserError as error:
        said = str(error)
    if said:
        assert said.startswith(str(path)) and "\n" not in said
    else:
        assert np.isfinite(vectors.matrix).all() and vectors.matrix.shape == (len(vectors), vectors.dimension)


@pytest.mark.parametrize("chunk", [1, 7, 64])
@pytest.mark.parametrize("ending", ["txt", "bin"])
def test_files_are_read_the_same_in_parts_of_any_size(
    chunk: int, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = some_vectors()
    save_vectors(vectors, tmp_path / f"a.{ending}")
    monkeypatch.setattr("upwell.text.compression.CHUNK_BYTES", chunk)
    monkeypatch.setattr(reading, "_FIRST_ROWS", 8)
    assert_same(load_vectors(tmp_path / f"a.{ending}"), vectors)


def test_glove_and_compressed_files_are_told_by_their_content(tmp_path: Path) -> None:
    vectors = some_vectors()
    save_vectors(vectors, tmp_path / "a.txt")
    text = (tmp_path / "a.txt").read_bytes()
    without_head = text.partition(b"\n")[2]
    for name, content in (
        ("glove.txt", without_head),
        ("glove.anything", without_head.replace(b"\n", b" \r\n")),
        ("tabs.txt", without_head.replace(b" ", b"\t")),
        ("marked.txt", b"\xef\xbb\xbf" + without_head),
        ("a.txt.gz", gzip.compress(text)),
        ("glove.gz", gzip.compress(without_head)),
    ):
        (tmp_path / name).write_bytes(content)
        assert_same(load_vectors(tmp_path / name), vectors)
    zstandard = pytest.importorskip("zstandard")
    save_vectors(vectors, tmp_path / "a.bin")
    (tmp_path / "a.bin.zst").write_bytes(zstandard.compress((tmp_path / "a.bin").read_bytes()))
    assert_same(load_vectors(tmp_path / "a.bin.zst"), vectors)


def test_words_may_hold_blanks_and_of_a_word_that_comes_again_the_first_row_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"a 1 2\nnew york 3 4\n. . . 5 6\na 7 8\n1 9 10\n")
    vectors = load_vectors(path)
    assert vectors.words == ("a", "new york", ". . .", "1")
    assert vectors.matrix.tolist() == [[1, 2], [3, 4], [5, 6], [9, 10]]
    assert vectors.duplicates == 1
    assert load_vectors(path, limit=2).words == ("a", "new york")
    assert load_vectors(path, only={"1", "a", "b"}).matrix.tolist() == [[1, 2], [9, 10]]
    with pytest.raises(UserError, match="of those that are wanted"):
        load_vectors(path, only={"b"})


def _binary(*rows: tuple[bytes, tuple[float, ...]]) -> bytes:
    return b"".join(word + b" " + struct.pack(f"<{len(numbers)}f", *numbers) for word, numbers in rows)


NAN, ROW = float("nan"), (b"a", (1.0, 2.0))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"It was the best\nof times\n", "neither two whole numbers (Word2Vec) nor a word and its numbers"),
        (b"a\n", "neither two whole numbers"),
        (b"\x93NUMPY\x01", "a NumPy file"),
        (b"PK\x03\x04", "a zip archive"),
        (struct.pack("<i", 793712314), "a fastText model; its .vec file"),
        (b"\x00\x01\x02" * 99, "holds no word vectors"),
        (b"a 1 2\nb 3\n", "line 2 has 1 numbers, not 2"),
        (b"a 1 2\nb 0.3 4 0.5\n", "line 2 has 3 numbers, not 2"),
        (b"2 2\na 1 2\nb 3\n", "line 3 has 1 numbers, not 2"),
        (b"a 1 2\nb 3 x\n", "line 2: 'x' is not a number"),
        (b"a 1 2\nb 3 0.1-0.2\n", "line 2: '0.1-0.2' is not a number"),
        (b"a 1 2\nb 3 1_0\n", "line 2: '1_0' is not a number"),
        (b"a 1 2\nb 3 nan\n", "line 2: nan is not a finite number"),
        (b"a 1 2\nb 3 1e39\n", "line 2: 1e39 is not a finite number of 32 bits"),
        (b"a 1 2\n\xff\xe9 3 4\n", "line 2: the word b'\\xff\\xe9' is not UTF-8"),
        (b"a 1 2\n 3 4\n", "line 2: there is no word"),
        (b"a 1 2\n" + b"x" * (reading.LONGEST_LINE + 9), "line 2 is longer than 4 MB"),
        (b"3 2\na 1.5 2.5\nb 3 4\n", "ends after 2 of the 3 words"),
        (b"1 2\na 1 2\nb 3 4\n", "line 3 is one more than the 1 words"),
        (b"0 2\n", "line 1 promises 0 words"),
        (b"5 999999999\na 1 2\n", "which cannot be"),
        (b"999999999 300\na 1 2\n", "which 20 bytes cannot hold"),
        (b"2 2\n" + _binary(ROW), "cannot hold"),
        (b"2 2\n" + _binary(ROW) + b"bbbbbbbbbbb", "ends after 1 of the 2 words"),
        (b"1 2\n" + _binary(ROW, (b"b", (1, 2))), "goes on behind the 1 words"),
        (b"2 2\n" + _binary(ROW, (b"b", (1, NAN))), "word 2 has a number that is not finite"),
        (b"2 2\n" + _binary(ROW, (b"\xff", (1, 2))), "word 2: the word b'\\xff' is not UTF-8"),
        (b"9 2\n" + b"\x00\xff" * 9999, "is neither Word2Vec text nor binary"),
    ],
)
def test_a_damaged_file_is_one_clear_line(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        load_vectors(path)
    assert said in str(caught.value) and str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_every_truncation_of_a_file_with_its_counts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    save_vectors(some_vectors(3, 2), path)
    whole = path.read_bytes()
    for end in range(len(whole) - 1):  # the last byte is a line end
        path.write_bytes(whole[:end])
        with pytest.raises(UserError):
            load_vectors(path)


def test_a_missing_file_and_a_bad_limit_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_vectors(tmp_path / "none.txt")
    with pytest.raises(UserError, match="--limit 0"):
        load_vectors(tmp_path / "none.txt", limit=0)


def test_a_word_with_a_blank_or_a_name_of_no_format_is_not_written(tmp_path: Path) -> None:
    vectors = WordVectors(("new york",), np.ones((1, 2), np.float32))
    with pytest.raises(UserError, match="holds a blank"):
        save_vectors(vectors, tmp_path / "a.txt")
    with pytest.raises(UserError, match="let the name end in"):
        save_vectors(some_vectors(), tmp_path / "a.npy")
    assert not list(tmp_path.iterdir())


def test_vectors_check_their_shape_and_words() -> None:
    for words, matrix in ((("a",), np.ones((2, 2), np.float32)), (("a",), np.ones((1, 2))), ((), np.ones((0, 2), "f"))):
        with pytest.raises(UserError, match="rows of float32"):
            WordVectors(words, matrix)
    with pytest.raises(UserError, match="twice"):
        WordVectors(("a", "a"), np.ones((2, 2), np.float32))


def test_nearest_and_analogy_leave_out_what_was_asked() -> None:
    rows = [[1, 0, 0], [1, 0.1, 0], [0, 1, 0], [0, 1, 1], [1, 0, 1.1], [0, 0, 0]]
    vectors = WordVectors(("man", "boy", "x", "y", "king", "zero"), np.array(rows, np.float32))
    assert [word for word, _ in vectors.nearest("man", count=2)] == ["boy", "king"]
    assert vectors.analogy("man", "king", "x", count=1)[0][0] == "y"
    assert len(vectors.nearest("man", count=99)) == 5
    assert vectors.nearest("zero", count=1)[0][1] == 0
    assert "man" in vectors and "men" not in vectors and vectors["boy"].tolist() == pytest.approx([1, 0.1, 0])
    for word, said in (
        ("Man", "did you mean man"),
        ("kin", "did you mean king"),
        ("qq", "these vectors$"),
        ("", "vectors$"),
    ):
        with pytest.raises(UserError, match=said):
            vectors.nearest(word)
    with pytest.raises(UserError, match="--count 0"):
        vectors.nearest("man", count=0)


def test_nearest_equals_gensims(gensim: Any) -> None:
    vectors = some_vectors()
    peer = gensim.KeyedVectors(vectors.dimension)
    peer.add_vectors(list(vectors.words), vectors.matrix)
    a, b, c = vectors.words[:3]
    for ours, theirs in (
        (vectors.nearest(a, count=5), peer.most_similar(a, topn=5)),
        (vectors.analogy(a, b, c, count=5), peer.most_similar(positive=[b, c], negative=[a], topn=5)),
    ):
        assert [word for word, _ in ours] == [word for word, _ in theirs]
        np.testing.assert_allclose([x for _, x in ours], [x for _, x in theirs], atol=2e-6)


def assert_pairs_equal(vectors: WordVectors, peer: Any, path: Path, *, match_case: bool, count_unknown: bool) -> None:
    rules = {"match_case": match_case, "count_unknown": count_unknown, "most_frequent": 40}
    ours = score_pairs(vectors, path, **rules)  # type: ignore[arg-type]
    pearson, spearman, unknown = peer.evaluate_word_pairs(
        path, case_insensitive=not match_case, dummy4unknown=count_unknown, restrict_vocab=40
    )
    assert ours.spearman.value == pytest.approx(spearman[0], abs=1e-6)
    assert ours.pearson.value == pytest.approx(pearson[0], abs=1e-6)
    assert 100 * ours.unknown / ours.pairs == pytest.approx(unknown)
    assert ours.spearman.low <= ours.spearman.value <= ours.spearman.high


def assert_analogies_equal(vectors: WordVectors, peer: Any, path: Path, **rules: Any) -> None:
    ours = score_analogies(vectors, path, **rules)
    share, sections = peer.evaluate_word_analogies(
        path,
        case_insensitive=not rules.get("match_case"),
        dummy4unknown=bool(rules.get("count_unknown")),
        restrict_vocab=rules.get("most_frequent", 300_000),
    )
    assert [score.correct for score in ours] == [len(section["correct"]) for section in sections]
    left = 0 if rules.get("count_unknown") else 1
    assert [score.questions - left * score.unknown - score.correct for score in ours] == [
        len(section["incorrect"]) for section in sections
    ]
    assert ours[-1].accuracy.value == pytest.approx(share)


def peer_of(gensim: Any, vectors: WordVectors) -> Any:
    peer = gensim.KeyedVectors(vectors.dimension)
    peer.add_vectors(list(vectors.words), vectors.matrix)
    return peer


@pytest.mark.parametrize("match_case", [False, True])
@pytest.mark.parametrize("count_unknown", [False, True])
def test_scores_equal_gensims(match_case: bool, count_unknown: bool, gensim: Any, tmp_path: Path) -> None:
    vectors = some_vectors(60, 4)
    rng = np.random.default_rng(1)
    names = [*vectors.words, "unknown", "other"]
    lines = [f"{a}\t{b}\t{rng.integers(10)}" for a, b in rng.choice(names, (80, 2))]
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("# a comment\nword\tword\tscore\n" + "\n".join(lines) + "\n\nnot a pair\n", encoding="utf-8")
    peer = peer_of(gensim, vectors)
    assert_pairs_equal(vectors, peer, pairs, match_case=match_case, count_unknown=count_unknown)
    assert score_pairs(vectors, pairs).skipped == 2
    analogies = tmp_path / "analogies.txt"
    questions = [" ".join(four) for four in rng.choice(names, (300, 4))]
    near = [f"{a} {b} {c} {vectors.analogy(a, b, c, count=1)[0][0]}" for a, b, c in rng.choice(vectors.words, (200, 3))]
    text = ": first part\n" + "\n".join(questions) + "\n: second\nthree words here\n" + "\n".join(near) + "\n"
    analogies.write_text(text, encoding="utf-8")
    rules = {"match_case": match_case, "count_unknown": count_unknown, "most_frequent": 50}
    assert_analogies_equal(vectors, peer, analogies, **rules)
    scores = score_analogies(vectors, analogies)
    assert [score.name for score in scores] == ["first part", "second", "total"]
    assert scores[-1].skipped == 1 and scores[1].correct > 20


def test_a_question_whose_words_have_many_spellings_is_answered_as_gensim_does(gensim: Any, tmp_path: Path) -> None:
    words = [f"{a}{b}{c}" for a in "aA" for b in "bB" for c in "cC"] + ["x", "y", "z"]
    rng = np.random.default_rng(0)
    matrix = np.concatenate([np.ones((8, 6)) + 0.01 * rng.normal(size=(8, 6)), rng.normal(size=(3, 6))]).astype("f")
    vectors = WordVectors(tuple(words), matrix)
    path = tmp_path / "a.txt"
    path.write_text(": s\nx x abc y\nx x abc z\nabc abc abc x\nx abc x abc\n", encoding="utf-8")
    assert_analogies_equal(vectors, peer_of(gensim, vectors), path)


@shared
def test_scores_on_public_sets_equal_gensims(gensim: Any, tmp_path: Path) -> None:
    vectors = load_vectors(SHARED / "vec-en-glove50" / "glove.6B.50d.slice.txt")
    assert (len(vectors), vectors.dimension, vectors.duplicates) == (5219, 50, 0)
    save_vectors(vectors, tmp_path / "glove.bin")
    peer = gensim.KeyedVectors.load_word2vec_format(tmp_path / "glove.bin", binary=True)
    assert_same(vectors, WordVectors(tuple(peer.index_to_key), peer.vectors))
    for pairs in sorted((SHARED / "vec-en-similarity").glob("*.tsv")):
        ours, (pearson, spearman, unknown) = score_pairs(vectors, pairs), peer.evaluate_word_pairs(pairs)
        assert ours.spearman.value == pytest.approx(spearman[0], abs=1e-6)
        assert ours.pearson.value == pytest.approx(pearson[0], abs=1e-6)
        assert ours.unknown == unknown == 0
    analogies = SHARED / "vec-en-analogy" / "questions-words.txt"
    assert score_analogies(vectors, analogies)[-1].accuracy.value == pytest.approx(0.525839, abs=1e-6)  # gensim 4.4


@shared
def test_chinese_pairs_are_scored_on_words_learned_with_segmentation(gensim: Any, tmp_path: Path) -> None:
    pytest.importorskip("rjieba", exc_type=ImportError)
    text = SHARED / "vec-zh-similarity" / "wordsim240.tsv"
    shutil.copy(text, tmp_path / "plain.txt")
    trained = train_vectors(open_sources([tmp_path / "plain.txt"]), segment="jieba", min_count=1, dimension=8, epochs=1)
    peer = peer_of(gensim, trained.vectors)
    ours, (pearson, spearman, unknown) = score_pairs(trained.vectors, text), peer.evaluate_word_pairs(text)
    assert ours.spearman.value == pytest.approx(spearman[0], abs=1e-6)
    assert ours.pearson.value == pytest.approx(pearson[0], abs=1e-6)
    assert 100 * ours.unknown / ours.pairs == pytest.approx(unknown) and ours.unknown < ours.pairs / 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a b 3\n", "no line is one"),
        ("no\tyes\t3\n", "of 1 pairs 1 hold a word"),
        ("word0\tWord0\t3\n", "pairs are lines of word, word, score"),
    ],
)
def test_pairs_that_cannot_be_scored_are_named(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        score_pairs(some_vectors(), tmp_path / "pairs.tsv")


def test_analogies_that_cannot_be_scored_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for content, said in (("a b c d\n", "line 1 comes before the first section"), (": s\na b\n", "holds no analogies")):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(UserError, match=said):
            score_analogies(some_vectors(), path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="a.txt"):
        score_analogies(some_vectors(), path)
    path.write_text(": s\nno such words here\n", encoding="utf-8")
    total = score_analogies(some_vectors(), path)[-1]
    assert total.unknown == total.questions == 1 and total.to_dict()["accuracy"]["value"] is None
    with pytest.raises(UserError, match="--most-frequent 0"):
        score_analogies(some_vectors(), path, most_frequent=0)


def test_words_are_cut_at_blanks_han_characters_and_marks_at_their_ends() -> None:
    text = "It was, the “best”—don't (e-mail) me 3.14!\n红楼梦。It's हिन्दी...\t—"
    assert list(cut_words(text)) == [
        *["It", "was", ",", "the", "“", "best”—don't", "(", "e-mail", ")", "me", "3.14", "!", "红", "楼", "梦", "。"],
        *["It's", "हिन्दी", ".", ".", ".", "—"],
    ]
    assert list(cut_words("The END", lower=True)) == ["the", "end"]
    assert list(cut_words("红楼梦ab", segment=lambda run: [run[:2], run[2:]])) == ["红楼", "梦", "ab"]


def test_chinese_words_are_found_by_jieba_or_its_absence_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rjieba", exc_type=ImportError)
    assert list(cut_words("我们喜欢音乐，OK", segment=find_segmenter("jieba"))) == ["我们", "喜欢", "音乐", "，", "OK"]
    with pytest.raises(UserError, match="--segment magic: choose jieba"):
        find_segmenter("magic")
    monkeypatch.setitem(sys.modules, "rjieba", None)
    with pytest.raises(UserError, match="pip install"):
        find_segmenter("jieba")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """Sentences in which cat and dog do the same, and Tuesday and Friday come at the same place."""
    rng = np.random.default_rng(0)
    lines = [
        f"the {rng.choice(['cat', 'dog'])} {rng.choice(['sat', 'ran', 'slept'])} there on {rng.choice(['tuesday', 'friday'])} ."
        for _ in range(600)
    ]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(lines) + "\nOnce\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("method", ["word2vec", "fasttext"])
@pytest.mark.parametrize("skip_gram", [True, False])
def test_trained_vectors_are_the_same_for_a_seed(method: str, skip_gram: bool, gensim: Any, text: Path) -> None:
    def trained(seed: int) -> WordVectors:
        options = {"method": method, "dimension": 6, "epochs": 2, "skip_gram": skip_gram, "seed": seed}
        return train_vectors(open_sources([text]), **options).vectors  # type: ignore[arg-type]

    one, again, other = trained(1), trained(1), trained(2)
    assert_same(one, again)
    assert one.words[:3] == (".", "on", "the") or set(one.words[:4]) == {"the", ".", "on", "there"}
    assert len(one) == 11 and "Once" not in one and one.dimension == 6
    assert not np.array_equal(one.matrix, other.matrix)


def test_training_learns_what_words_have_in_common(gensim: Any, text: Path) -> None:
    told: list[str] = []
    trained = train_vectors(open_sources([text]), dimension=12, window=3, epochs=30, progress=told.append)
    assert trained.vectors.nearest("cat", count=1)[0][0] == "dog"
    assert trained.vectors.nearest("tuesday", count=1)[0][0] == "friday"
    assert trained.num_words == 600 * 7 + 1 and trained.distinct == 12
    assert told[0].startswith("4,201 words, 12 different ones, 11 of them") and told[-1] == "epoch 30 of 30"


def test_training_needs_gensim_a_frequent_word_and_sound_options(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for options, said in (
        ({"method": "magic"}, "--method magic: choose word2vec or fasttext"),
        ({"dimension": 0}, "--dimension 0: choose a number from 1"),
        ({"workers": 0}, "--workers 0"),
        ({"min_count": 9999}, "no word occurs 9999 times, the most frequent one 600 times"),
    ):
        if "min_count" in options:
            pytest.importorskip("gensim.models", exc_type=ImportError)
        with pytest.raises(UserError, match=said):
            train_vectors(open_sources([text]), **options)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "gensim", None)
    with pytest.raises(UserError, match=r'pip install "upwell\[vectors\]"'):
        train_vectors(open_sources([text]))
