from __future__ import annotations

import functools
import itertools
import random
import re
from collections import Counter

import ftfy
import ftfy.badness
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, RAW_FLOOR, LanguageIdentifier

from upwell.errors import UserError
from upwell.text.cleaning import PrepareOptions
from upwell.text.cleaning import languages as languages_module
from upwell.text.cleaning.characters import Texts
from upwell.text.cleaning.documents import Batch, Document
from upwell.text.cleaning.languages import UNKNOWN, Languages
from upwell.text.cleaning.markup import Markup
from upwell.text.cleaning.normalisation import Normalisation
from upwell.text.cleaning.private import Private
from upwell.text.cleaning.quality import Lines, Quality
from upwell.text.cleaning.repair import Repair
from upwell.text.cleaning.steps import Steps
from upwell.text.decoding import normalize

ODD = ["", " ", "\n", "a", "中文。", "العربية", "עִבְרִית", "👩‍👩‍👧‍👦🏽", "é", "e\u0301" * 3, "\u200b", "x\u0000y", "\u202eabc", "क्षि", "ﬁ ＡＢＣ", "İıß",
       "𝔘𝔫𝔦", "\ufeffa", "&amp;<b>", "http://a.b/c?d=e&f", "1.2.3.4", "€ £ ¥", "ㅎㅏㄴ", "한국어", "ไทย"]  # fmt: skip
mixed = st.lists(st.sampled_from(ODD) | st.text(max_size=20), max_size=12).map(" ".join)
# What a source gives: no halves of surrogate pairs.
texts = mixed.map(lambda text: text.encode("utf-8", "ignore").decode("utf-8"))


def _one(step: object, text: str, *, language: str = "") -> str:
    document = Document(text, "test", 1, language)
    arguments = (Texts([text]),) if isinstance(step, Quality) else ()
    outcome = step.apply([document], Counter(), *arguments)[0]  # type: ignore[attr-defined]
    return f"<{outcome}>" if isinstance(outcome, str) else str(outcome.text)


@functools.cache
def every_step() -> Steps:
    return Steps(PrepareOptions(quality="web", form="nfkc", width="half", script="simplified"))


@given(texts)
@settings(max_examples=150, deadline=None)
def test_steps_take_any_text(text: str) -> None:
    steps = every_step()
    batch = Batch(0, [Document(text, "a", 1), Document("plain words here", "b", 2)])
    clean = steps(batch)
    assert len(clean.sizes) == len(clean.languages) == len(clean.sketches.digests) == len(clean.offsets) - 1
    assert clean.offsets[-1] == len(clean.rows)
    for before, after in zip(clean.tallies, clean.tallies[1:], strict=False):
        assert before.documents_out == after.documents_in
        assert before.bytes_out == after.bytes_in
        assert before.documents_in - before.documents_out == before.removed.total()


REPAIRING = (Repair(), Normalisation())


@given(texts)
@settings(max_examples=200, deadline=None)
def test_steps_leave_clean_text_alone(text: str) -> None:
    for step in REPAIRING:
        once = _one(step, text)
        assert once.startswith("<") or _one(step, once) in (once, "<nothing visible>")


class TestRepair:
    CONFIG = ftfy.TextFixerConfig(
        unescape_html=False, fix_latin_ligatures=False, fix_character_width=False, uncurl_quotes=False
    )

    @given(
        st.lists(
            st.sampled_from([*ODD, "naïve café", "Ã©tÃ©", "â€™s", "ä½ å¥½", "Â£5", "ÐŸÑ€Ð¸", "voilà le", "L&amp;Â"]),
            max_size=8,
        ),
        st.sampled_from([" ", "", "汉", "。\n", "カ", "한"]),
    )
    @settings(max_examples=300, deadline=None)
    def test_is_ftfy_on_the_whole_text(self, parts: list[str], between: str) -> None:
        text = normalize(between.join(parts))  # as a source gives it
        assert _one(Repair(), text) == ftfy.fix_text(text, self.CONFIG)

    @pytest.mark.parametrize(
        ("text", "mended"),
        [
            ("The cafÃ© isnâ€™t open", "The café isn’t open"),
            ("ä½\xa0å¥½ï¼Œä¸–ç•Œ", "你好，世界"),
            ("bell\x07 and \x1b[31mred\x1b[0m", "bell and red"),
            ("“Quotes” stay, ﬁ stays, Ａ stays", "“Quotes” stay, ﬁ stays, Ａ stays"),
        ],
    )
    def test_mends_what_is_broken_only(self, text: str, mended: str) -> None:
        assert _one(Repair(), text) == mended


class TestMarkup:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("<p>One</p><p>Two <b>bold</b></p>", "One\n\nTwo bold"),
            ("a<br>b<br/>c", "a\nb\nc"),
            ("<script>var x = '<p>';</script><style>p{}</style><p>Kept</p>", "Kept"),
            ("<table><tr><td>1</td><td>2</td></tr></table>", "1 2"),
            ("R&amp;D &lt;now&gt; &#20320;", "R&D <now> 你"),
            ("if a < b and c > d: return <T>(x)", "if a < b and c > d: return <T>(x)"),
            ("an <unknown> tag, a <3", "an <unknown> tag, a <3"),
            ("<!-- gone -->here", "here"),
        ],
    )
    def test_shows_what_a_browser_shows(self, text: str, shown: str) -> None:
        assert _one(Markup(), text) == shown

    def test_drops_what_has_nothing_to_show(self) -> None:
        assert _one(Markup(), "<div><img src='a.png'></div>") == "<nothing but markup>"


class TestNormalisation:
    def test_takes_out_the_invisible_and_keeps_joiners(self) -> None:
        assert (
            _one(Normalisation(), "so\u00adft ze\u200bro a\u00a0b 👩\u200d👧 می\u200cخواهم  \n")
            == "soft zero a b 👩\u200d👧 می\u200cخواهم"
        )

    def test_folds_where_asked(self) -> None:
        assert _one(Normalisation(form="nfkc"), "ﬁ ² Ａ") == "fi 2 A"
        assert _one(Normalisation(width="half"), "ＡＢ１２，。") == "AB12，。"
        assert _one(Normalisation(script="simplified"), "漢語與書") == "汉语与书"
        assert _one(Normalisation(script="traditional"), "汉语书") == "漢語書"


PACKAGE = LanguageIdentifier.from_model_file(MODEL_FILE)
PACKAGE.set_languages(sorted(label for label in PACKAGE.labels if len(label) == 2))
LANGUAGES = Languages()


class TestLanguages:
    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("The quick brown fox jumps over the lazy dog.", "en"),
            ("今天天气很好，我们去公园玩吧。", "zh"),
            ("Der schnelle braune Fuchs springt über den faulen Hund.", "de"),
            ("Быстрая лиса прыгает через ленивую собаку.", "ru"),
            ("12345 67890", "und"),
            ("ok", "und"),
        ],
    )
    def test_names_them(self, text: str, language: str) -> None:
        assert Languages().identify([text]) == [language]

    @given(st.lists(texts, max_size=8))
    @settings(max_examples=60, deadline=None)
    def test_many_at_once_are_what_the_package_says_of_each(self, given: list[str]) -> None:
        found = LANGUAGES.identify(given)
        for text, language in zip(given, found, strict=True):
            sample = languages_module._sample(text)
            if language != UNKNOWN:
                assert language == PACKAGE.classify(sample)[0]
            else:
                assert not sample or PACKAGE.classify(sample)[1] == RAW_FLOOR

    def test_keeps_those_asked_for(self) -> None:
        step = Languages(["zh"])
        assert _one(step, "The quick brown fox jumps over the dog.") == "<in en>"
        assert _one(step, "今天天气很好，我们去公园玩吧。").startswith("今天")
        with pytest.raises(UserError, match="unknown language 'xx': known are"):
            Languages(["xx"])


class TestPrivate:
    @pytest.mark.parametrize(
        ("text", "language", "replaced"),
        [
            ("Write to anna.b+c@mail.example.co.uk now", "en", "Write to [EMAIL] now"),
            ("ring (415) 555-2671 or +44 20 7946 0958.", "en", "ring [PHONE] or [PHONE]."),
            ("手机13912345678，谢谢", "zh", "手机[PHONE]，谢谢"),
            ("card 4111 1111 1111 1111, not 4111 1111 1111 1112", "en", "card [CARD], not 4111 1111 1111 1112"),
            ("证件11010519491231002X，不是110105194912310021", "zh", "证件[ID]，不是110105194912310021"),
            ("from 8.8.8.8 and 2001:4860:4860::8888, not 127.0.0.1", "en", "from [IP] and [IP], not 127.0.0.1"),
            ("ip=8.8.4.4, http://8.8.8.8/x and tel:+14155552671", "en", "ip=[IP], http://[IP]/x and tel:[PHONE]"),
            ("id:11010519491231002X card:4111111111111111", "zh", "id:[ID] card:[CARD]"),
            ("AKIAIOSFODNN7EXAMPLE is a key", "en", "[KEY] is a key"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----", "en", "[KEY]"),
            ("token ghp_" + "a1B2" * 9 + ".", "en", "token [KEY]."),
        ],
    )
    def test_finds_by_form_and_checksum(self, text: str, language: str, replaced: str) -> None:
        assert _one(Private(), text, language=language) == replaced

    @pytest.mark.parametrize(
        "text",
        [
            "In 1984 and 2001, pages 100-200, 12:30:45, version 1.2.3, 3.14159265358979",
            "The sum of 1234567 and 7654321 is 8888888; ISBN 978-3-16-148410-0",
            "2024-01-15 10:20:30, 20240115, order 20240115001, 1,234,567,890",
            "Score 10-9 9-10 8-10; 0.123456789012345; a@b, @name, 5:4, ::1",
            "12 345 678 people; 50 000 000 km; lat 48.858370, lon 2.294481",
        ],
    )
    def test_leaves_other_numbers_alone(self, text: str) -> None:
        assert _one(Private(), text, language="en") == text

    def test_precision_and_recall_on_a_planted_set(self) -> None:
        chance = random.Random(0)
        digits = lambda count: "".join(chance.choices("0123456789", k=count))  # noqa: E731

        def luhn(body: str) -> str:
            total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
            return body + str(-total % 10)

        def identity() -> str:
            body = (
                chance.choice(["110105", "310104", "440306"])
                + f"19{chance.randint(50, 99)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
                + digits(3)
            )
            weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
            return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]

        makers = {
            "email": lambda: f"{chance.choice(['tom', 'li.wei', 'a_b'])}{digits(2)}@{chance.choice(['mail', 'corp-x'])}.{chance.choice(['com', 'org', 'cn'])}",
            "phone": lambda: chance.choice([f"+1 415-555-{chance.randint(2000, 9999)}", f"(212) 555-{chance.randint(2000, 9999)}", f"+86 138 {digits(4)} {digits(4)}"]),
            "card": lambda: luhn("4" + digits(14)),
            "id": identity,
            "ip": lambda: f"{chance.randint(11, 99)}.{chance.randint(0, 255)}.{chance.randint(0, 255)}.{chance.randint(1, 254)}",
            "key": lambda: "AKIA" + "".join(chance.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16)),
        }  # fmt: skip
        decoys = [
            lambda: f"on 20{chance.randint(10, 25)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}",
            lambda: f"number {digits(6)}",
            lambda: f"{chance.randint(1, 99)}.{chance.randint(0, 99)} percent",
            lambda: f"version {chance.randint(1, 9)}.{chance.randint(0, 20)}.{chance.randint(0, 9)}",
            lambda: f"account {digits(12)}",
            lambda: f"{chance.randint(1, 999)},{digits(3)},{digits(3)} people",
            lambda: f"at {chance.randint(0, 23)}:{chance.randint(10, 59)}:{chance.randint(10, 59)}",
        ]
        step, found, planted, right, false = Private(), Counter[str](), Counter[str](), 0, 0
        for _ in range(100):
            for kind, make in makers.items():
                secret = make()
                text = f"Please note {secret} for later, and {chance.choice(decoys)()} too."
                seen: Counter[str] = Counter()
                replaced = step.replaced(text, seen, language="en")
                planted[kind] += 1
                found.update(seen)
                right += seen[kind] > 0 and secret not in replaced
                false += seen.total() - (seen[kind] > 0)
        assert right >= 0.97 * planted.total(), (right, planted, found)
        assert false <= 0.03 * planted.total(), (false, found)

    def test_drops_where_asked(self) -> None:
        assert _one(Private(drop=True), "mail a@example.com") == "<holds email>"


class TestQuality:
    def test_basic_keeps_what_could_be_read(self) -> None:
        for text in (
            "Short.",
            "静夜思\n床前明月光，疑是地上霜。\n举头望明月，低头思故乡。",
            "Roses are red,\nViolets are blue,\nSugar is sweet,\nAnd so are you.",
            "def f(x):\n    return x + 1\n\nfor i in range(10):\n    print(f(i))",
            "- milk\n- bread\n- eggs",
        ):
            assert _one(Quality("basic"), text) == text

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("!!! ??? ...", "no words"),
            ("\ufffd\ufffd\ufffd abc def", "unreadable characters"),
            ("buy now " * 50, "one phrase again and again"),
            ("the same line of words here\n" * 30, "repeated lines"),
            ("#a #b #c #d #e", "symbols"),
            ("1 2 3 4 5 6 7 8 9 10 11", "words without letters"),
        ],
    )
    def test_basic_drops_what_no_one_wants(self, text: str, reason: str) -> None:
        assert _one(Quality("basic"), text, language="en") == f"<{reason}>"

    def test_web_is_gophers(self) -> None:
        web = Quality("web")
        sentence = "The old man and the boy went to the sea with a boat that they had made of wood. "
        others = "She said it was late; nobody would come that way before noon, or have time to stop for long. "
        more = "Rain fell on roofs and gardens of the town until evening, when lamps were lit along every street and bells rang. "
        assert _one(web, sentence + others + more, language="en") == sentence + others + more
        assert _one(web, sentence, language="en") == "<fewer than 50 words>"
        words = [f"word{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(80)]
        assert _one(web, " ".join(words), language="en") == "<no stop words>"
        assert (
            _one(
                web,
                "\n".join(f"- the {a} of {b} is not {a}{b}" for a, b in itertools.pairwise(words)),
                language="en",
            )
            == "<bullets>"
        )

    @given(
        st.lists(st.sampled_from(["a b c d e f", "x y", "中文字", "", "\n", "p q r s t u v"]), min_size=1, max_size=12)
    )
    @settings(max_examples=100, deadline=None)
    def test_measures_equal_plain_counts(self, lines: list[str]) -> None:
        from upwell.text.cleaning.quality import Measures

        text = "\n".join(lines)
        other = "another text with its own words"
        measures = Measures(Texts([other, text]), [Document(other, "o", 1), Document(text, "t", 1)])
        words = re.findall(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+", text)
        total = max(1, sum(map(len, words)))
        assert measures.words[1] == len(words)
        for size in (2, 3, 4):
            grams = Counter(tuple(words[i : i + size]) for i in range(len(words) - size + 1))
            top = max((count * sum(map(len, gram)) for gram, count in grams.items() if count > 1), default=0)
            assert measures.top_ngram(size)[1] == pytest.approx(top / total)
        for size in (5, 6, 7):
            grams = Counter(tuple(words[i : i + size]) for i in range(len(words) - size + 1))
            inside = {
                i + k
                for i in range(len(words) - size + 1)
                for k in range(size)
                if grams[tuple(words[i : i + size])] > 1
            }
            assert measures.repeated_ngrams(size)[1] == pytest.approx(sum(len(words[i]) for i in inside) / total)
        visible = [line.strip() for line in text.split("\n") if line.strip()]
        assert measures.repeated_lines[1] == pytest.approx((len(visible) - len(set(visible))) / max(1, len(visible)))

    def test_lines_are_c4s(self) -> None:
        page = "Home | About | Contact\nThis is a sentence that ends as it should.\nToo short.\nJavaScript is disabled in your browser.\n这是一句完整的话。"
        assert _one(Lines(), page) == "This is a sentence that ends as it should.\n这是一句完整的话。"
        assert _one(Lines(), "Menu\nHome") == "<no line of running text>"


class TestTexts:
    @given(st.lists(texts, min_size=1, max_size=5))
    @settings(max_examples=200, deadline=None)
    def test_words_do_not_depend_on_neighbours(self, several: list[str]) -> None:
        together = Texts(several)
        for number, text in enumerate(several):
            alone = Texts([text])
            here = together.word_texts == number
            assert (together.word_hashes[here] == alone.word_hashes).all()
            assert together.num_words[number] == alone.num_words[0] == len(alone.word_hashes)

    def test_hashes_are_the_same_everywhere(self) -> None:
        assert Texts(["Ein Wort 中"]).word_hashes.tolist() == Texts(["ein WORT 中"]).word_hashes.tolist()
        assert int(Texts(["word"]).word_hashes[0]) == HASH_OF_WORD

    def test_lines_leave_blanks_out(self) -> None:
        arrays = Texts(["  one  \n\n \n two", "three"])
        starts, ends = arrays.lines()
        joined = "  one  \n\n \n two\nthree\n"
        assert [joined[a:b] for a, b in zip(starts, ends, strict=True)] == ["one", "two", "three"]
        assert arrays.text_of(starts).tolist() == [0, 0, 1]


HASH_OF_WORD = 6815275762712991669


def test_options_refuse_what_cannot_be() -> None:
    for options, said in (
        ({"skip": ("polish",)}, "unknown --skip 'polish': choose among repair"),
        ({"script": "latin"}, "unknown --script 'latin': choose one of keep, simplified, traditional"),
        ({"quality": "best"}, "unknown --quality 'best'"),
        ({"near": 0.2}, "--near 0.2: must be from 0.5 to 1"),
        ({"valid": 0.9}, "--valid 0.9: must be from 0 to 0.5"),
        ({"workers": 0}, "--workers 0: must be at least 1"),
        ({"skip": ("language",), "keep_language": ("en",)}, "--keep-language needs the step language"),
    ):
        with pytest.raises(UserError, match=re.escape(said)):
            PrepareOptions(**options)  # type: ignore[arg-type]


def test_long_runs_of_blanks_take_linear_time() -> None:
    blanks = " " * 1_000_000
    for text in (f"a{blanks}b", f"<p>a{blanks}b</p>", f"a{blanks}\nb", "\t" * 1_000_000 + "é"):
        clean = Steps(PrepareOptions())(Batch(0, [Document(text, "f", 1)]))
        assert clean.tallies[0].documents_in == 1
        assert sum(tally.seconds for tally in clean.tallies) < 20  # quadratic time would be hours


def test_batch_is_a_function_of_itself() -> None:
    documents = [
        Document(text, "f", number) for number, text in enumerate(ODD + ["The end of the day, and so to bed."] * 3)
    ]
    one, two = (
        Steps(PrepareOptions())(Batch(0, [Document(d.text, d.source, d.number) for d in documents])) for _ in range(2)
    )
    assert one.rows == two.rows
    assert np.array_equal(one.sketches.values, two.sketches.values)
