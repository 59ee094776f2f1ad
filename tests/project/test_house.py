"""The shape of the project itself: layers, imports, public names, documents, wheel."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import tomllib
import venv
from pathlib import Path

import pytest

import upwell
from upwell.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[2]
LISTED = subprocess.run(
    ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False
).stdout.decode("utf-8")
FILES = [ROOT / name for name in LISTED.strip("\0").split("\0") if name and (ROOT / name).is_file()]
DOCUMENTS = [
    path for path in FILES if path.suffix == ".md" and path.name != "experiments.md"
]  # what holds now, not then
in_checkout = pytest.mark.skipif(not FILES, reason="not a git checkout")


def run_python(program: str, *flags: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([sys.executable, *flags, "-c", program], cwd=cwd, capture_output=True, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_every_room_is_in_the_contract_of_layers() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = " ".join(settings["tool"]["importlinter"]["contracts"][0]["layers"]).replace("|", " ").split()
    rooms = {
        f"upwell.{path.name.removesuffix('.py')}" for path in (ROOT / "upwell").iterdir() if path.suffix in ("", ".py")
    }
    assert rooms - {"upwell.__init__", "upwell.__main__", "upwell.__pycache__"} == set(layers)


def best_time(command: list[str], repeats: int = 7) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return min(times)  # whatever else the machine does: the least disturbed one counts


def test_importing_upwell_is_quick_and_loads_nothing_heavy() -> None:
    heavy = ["torch", "numpy", "tokenizers", "rich", "cyclopts", "matplotlib", "fastapi"]
    done = run_python(f"import sys, upwell; print([name for name in {heavy} if name in sys.modules])")
    assert done.stdout.strip() == "[]"
    assert best_time([sys.executable, "-c", "import upwell"]) - best_time([sys.executable, "-c", "pass"]) < 0.15


def test_help_answers_in_a_third_of_a_second_without_torch() -> None:
    assert best_time([sys.executable, "-m", "upwell", "--help"]) < 0.3
    done = run_python("import sys; from upwell.cli import main; main(['--help']); print('torch' in sys.modules)")
    assert done.stdout.splitlines()[-1] == "False", done.stderr


def test_openmp_waits_a_little_then_sleeps_unless_the_user_says_otherwise() -> None:
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    program = f"import os, upwell; print(*map(os.environ.get, {names}))"
    for given, expected in (
        ({}, "PASSIVE 300"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE None"),
        ({"GOMP_SPINCOUNT": "7"}, "None 7"),
    ):
        environment = {k: v for k, v in os.environ.items() if k not in names} | given
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
        assert done.stdout.decode().strip() == expected


TEXT = "\\n".join(f"line {i % 17} of a small text" for i in range(400))
USES = {
    "Encoder": (
        "from upwell.api import train_run; train_run('text.txt', task='encode', size='1k', depth=1, epochs=1, vocab_size=300, out='encoder');"
        "assert upwell.Encoder.load('encoder').embed(['line 3', 'line 4']).shape[0] == 2"
    ),
    "LanguageModel": "model = upwell.LanguageModel.load(run); print(model.generate('line', max_tokens=3))",
    "TextClassifier": (
        "model = upwell.TextClassifier(size='1k', epochs=2).fit(['a b', 'c d', 'a e', 'c f'] * 5, [0, 1] * 10);"
        "assert model.predict_proba(['a b']).shape == (1, 2)"
    ),
    "Tagger": (
        "X = [['a', f'cat{i}'] for i in range(9)];"
        "model = upwell.Tagger(size='1k', epochs=2).fit(X, [['D', 'N']] * 9);"
        "assert len(model.predict([['a', 'dog', 'cat']])[0]) == 3"
    ),
    "QuestionAnswerer": (
        "X = [(f'The colour of box {i} is shade{i}.', f'What is the colour of box {i}?') for i in range(12)];"
        "model = upwell.QuestionAnswerer(size='1k', epochs=1).fit(X, [f'shade{i}' for i in range(12)]);"
        "assert model.predict_proba(X[:2]).shape == (2,)"
    ),
    "Summarizer": (
        "X = [f'It rained on day {i}. Anna sold boat {i} to Tom. Nobody knew why.' for i in range(12)];"
        "model = upwell.Summarizer(size='1k', epochs=1).fit(X, [f'Anna sold boat {i}' for i in range(12)]);"
        "assert len(model.predict(X[:2], sentences=1)) == 2"
    ),
    "Translator": (
        "X = [f'number {i}' for i in range(12)];"
        "model = upwell.Translator(size='10k', epochs=1).fit(X, [f'Nummer {i}' for i in range(12)]);"
        "assert len(model.predict(X[:2])) == 2"
    ),
    "Writer": (
        "rows = ''.join(f'title {i},a text about thing {i}\\n' for i in range(60));"
        "open('rows.csv', 'w', encoding='utf-8').write('title,text\\n' + rows);"
        "from upwell.api import train_run; train_run('rows.csv', task='write', size='1k', tokens=2000, out='writer');"
        "assert 'thing' in upwell.Writer.load('writer').write('title 3', keywords=['thing'])"
    ),
    "__version__": "assert upwell.__version__.count('.') == 2",
    "evaluate": "assert upwell.evaluate(run, 'text.txt')['bits_per_byte'] > 0",
    "prepare": "assert upwell.prepare('text.txt', out='prepared', skip=('quality',)).has_tokens",
    "train": "assert upwell.train('text.txt', size='1k', tokens=2000).parameters['total'] > 0",
}


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("names")
    (folder / "text.txt").write_text(TEXT.replace("\\n", "\n"), encoding="utf-8")
    done = run_python("import upwell; upwell.train('text.txt', size='1k', tokens=2000, out='run')", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_public_name_has_a_use_here_and_is_listed() -> None:
    assert sorted(USES) == sorted(upwell.__all__) == dir(upwell)


@pytest.mark.parametrize("name", sorted(USES))
def test_public_name_works_in_a_fresh_process(name: str, small_run: Path) -> None:
    done = run_python(f"import upwell; run = 'run'; {USES[name]}", cwd=small_run)
    assert done.returncode == 0, done.stderr


def test_every_module_imports_without_the_extras() -> None:
    program = """
import importlib, pkgutil, sys
for extra in ("zstandard", "pyarrow", "gensim", "rjieba", "tensorboard", "matplotlib", "transformers", "pytest", "hypothesis",
              "bm25s", "nltk", "sklearn", "ftfy", "charset_normalizer", "selectolax", "py3langid", "phonenumbers", "stdnum", "opencc", "datasets", "ray",
              "pypinyin", "regex", "sentencex", "snowballstemmer", "simplemma", "numba", "llvmlite"):
    sys.modules[extra] = None
import upwell
for module in pkgutil.walk_packages(upwell.__path__, "upwell."):
    if module.name != "upwell.__main__" and not module.name.startswith("upwell.model.stepping.machine_code."):
        importlib.import_module(module.name)
"""
    done = run_python(program, "-W", "error")
    assert done.returncode == 0, done.stderr


@in_checkout
def test_links_between_documents_lead_somewhere() -> None:
    for path in FILES:
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if not re.match(r"https?://", target):
                assert (path.parent / target).exists(), f"{path.name} links to {target}"


@in_checkout
def test_experiments_named_in_code_are_in_the_log() -> None:
    titles = re.findall(r"^## (.*?) \(", (ROOT / "docs/experiments.md").read_text(encoding="utf-8"), re.MULTILINE)
    first_words = {title.split()[0].rstrip(":,").lower() for title in titles}
    for path in FILES:
        if path.suffix == ".py" and path.is_relative_to(ROOT / "upwell"):
            text = " ".join(path.read_text(encoding="utf-8").split())
            for said in re.findall(r'docs/experiments\.md[,:]? \(?((?:(?:, | and )?"[a-z ]+")+)', text):
                assert {word.split()[0] for word in re.findall(r'"([a-z ]+)"', said)} <= first_words, (
                    f"{path.name}: {said}"
                )


OUTSIDE_HELP = {"--debug", "--help", "--version"}
"""Options of every verb that the verbs' own help does not list."""


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    """The options of each verb, as its help lists them; of one with verbs of its own, those of all of them."""
    found = {}
    for verb in VERBS:
        helps = [run_help(verb)]
        if "Usage: upwell " + verb + " COMMAND" in helps[0]:
            inner = re.findall(r"^│ ([a-z]+) ", helps[0], re.MULTILINE)
            helps += [run_help(verb, name) for name in inner]
        found[verb] = OUTSIDE_HELP | set(re.findall(r"--[a-z][a-z-]*", "".join(helps)))
    return found


def run_help(*verbs: str) -> str:
    done = subprocess.run([sys.executable, "-m", "upwell", *verbs, "--help"], capture_output=True, check=True)
    return done.stdout.decode("utf-8")


@in_checkout
def test_commands_in_documents_exist_with_their_options(options: dict[str, set[str]]) -> None:
    for path in DOCUMENTS:
        for line in re.findall(r"(?:^\s*(?:\$ )?|`)upwell ([^`\n]+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            verb, *words = line.split("#")[0].split()
            if verb in ("VERB", "命令"):
                continue
            assert verb in VERBS, f"{path.name}: upwell {line}"
            unknown = {word for word in words if word.startswith("--")} - options[verb]
            assert not unknown, f"{path.name}: upwell {line}: {unknown}"


@in_checkout
def test_options_named_in_sentences_exist(options: dict[str, set[str]]) -> None:
    known = set().union(*options.values())
    for path in DOCUMENTS:
        for span in re.findall(r"`(--[^`]+)`", path.read_text(encoding="utf-8")):
            unknown = set(re.findall(r"--[a-z][a-z-]*", span)) - known
            assert not unknown, f"{path.name}: `{span}`"


@pytest.mark.parametrize("name", ["emergence", "guide", "learning", "serving"])
def test_both_languages_have_the_same_sections_and_commands(name: str) -> None:
    english, chinese = ((ROOT / "docs" / file).read_text(encoding="utf-8") for file in (f"{name}.md", f"{name}.zh.md"))
    for pattern in (r"^#+ ", r"^```bash\n(.*?)^```$", r"^\|"):
        flags = re.MULTILINE | re.DOTALL
        assert re.findall(pattern, english, flags) == re.findall(pattern, chinese, flags), pattern


@in_checkout
def test_no_file_names_a_place_on_somebodys_machine() -> None:
    for path in FILES:
        if path.suffix in (".py", ".md", ".toml", ".json", ".yaml", ".txt", ""):
            text = path.read_text(encoding="utf-8")
            found = re.findall(r"(?:/home/|/Users/|/root/|C:\\\\)\w+", text)
            assert not found, f"{path.name}: {found}"
            assert f"{ROOT}/" not in text, path.name


@in_checkout
def test_files_stay_short() -> None:
    for path in FILES:
        if path.suffix == ".py":
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 500, path.name


@in_checkout
def test_the_wheel_trains_and_generates_outside_the_checkout(tmp_path: Path) -> None:
    source = tmp_path / "source"  # a copy: a build in the checkout would take over what an older build left there
    for path in FILES:
        name = path.relative_to(ROOT)
        if name.parts[0] in ("upwell", "pyproject.toml", "README.md", "LICENSE"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, source / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--no-input"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(tmp_path.glob("upwell-*.whl"))
    package = tmp_path / "package"
    subprocess.run(
        [*pip, "install", "--no-deps", "--target", str(package), str(wheel)], check=True, capture_output=True
    )
    assert (package / "upwell" / "py.typed").exists()
    assert (package / "upwell" / "serving" / "page" / "index.html").exists()

    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def output(*arguments: str) -> str:
        done = subprocess.run(
            [str(python), *arguments], cwd=tmp_path, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8")

    # The package from the wheel comes first; what it depends on is this environment's.
    site = Path(output("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    paths = dict.fromkeys([str(package), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    (site / "both.pth").write_text("\n".join(paths) + "\n", encoding="utf-8")
    found = output("-c", "import upwell; print(upwell.__file__)").strip()
    assert Path(found).is_relative_to(package)
    (tmp_path / "text.txt").write_text(TEXT.replace("\\n", "\n"), encoding="utf-8")
    trained = output("-m", "upwell", "train", "text.txt", "--size", "1k", "--tokens", "5k", "--quiet", "--json")
    result = json.loads(trained.splitlines()[-1])
    assert result["valid_bpb"] > 0
    assert output("-m", "upwell", "generate", result["run"], "line", "--max-tokens", "5").startswith("line")
