"""The shape of the project itself: layers, imports, public names, documents, wheel."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
import tomllib
from pathlib import Path

import pytest

import upwell

ROOT = Path(__file__).resolve().parents[2]
TRACKED = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout.decode("utf-8")
FILES = [ROOT / name for name in TRACKED.strip("\0").split("\0") if name and (ROOT / name).is_file()]
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
    return min(times)  # the tests run side by side: the least disturbed one counts


def test_importing_upwell_is_quick_and_loads_nothing_heavy() -> None:
    heavy = ["torch", "numpy", "tokenizers", "rich", "cyclopts", "matplotlib"]
    done = run_python(f"import sys, upwell; print([name for name in {heavy} if name in sys.modules])")
    assert done.stdout.strip() == "[]"
    assert best_time([sys.executable, "-c", "import upwell"]) - best_time([sys.executable, "-c", "pass"]) < 0.15


def test_help_answers_in_a_third_of_a_second() -> None:
    assert best_time([sys.executable, "-m", "upwell", "--help"]) < 0.3


def test_openmp_waits_passively_unless_the_user_says_otherwise() -> None:
    program = "import os, upwell; print(os.environ['OMP_WAIT_POLICY'])"
    for given, expected in ((None, "PASSIVE"), ("ACTIVE", "ACTIVE")):
        environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
        environment |= {"OMP_WAIT_POLICY": given} if given else {}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
        assert done.stdout.decode().strip() == expected


TEXT = "\\n".join(f"line {i % 17} of a small text" for i in range(400))
USES = {
    "LanguageModel": "model = upwell.LanguageModel.load(run); print(model.generate('line', max_tokens=3))",
    "__version__": "assert upwell.__version__.count('.') == 2",
    "evaluate": "assert upwell.evaluate(run, 'text.txt')['bits_per_byte'] > 0",
    "train": "assert upwell.train('text.txt', size='1k', tokens=2000).parameters['total'] > 0",
}


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("names")
    (folder / "text.txt").write_text(TEXT.replace("\\n", "\n"), encoding="utf-8")
    done = run_python("import upwell; upwell.train('text.txt', size='1k', tokens=2000, out='run')", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_public_name_has_a_use_here() -> None:
    assert sorted(USES) == sorted(upwell.__all__)


@pytest.mark.parametrize("name", sorted(USES))
def test_public_name_works_in_a_fresh_process(name: str, small_run: Path) -> None:
    done = run_python(f"import upwell; run = 'run'; {USES[name]}", cwd=small_run)
    assert done.returncode == 0, done.stderr


def test_every_module_imports_without_the_extras() -> None:
    program = """
import importlib, pkgutil, sys
for extra in ("zstandard", "pyarrow", "tensorboard", "matplotlib", "transformers", "pytest", "hypothesis"):
    sys.modules[extra] = None
import upwell
for module in pkgutil.walk_packages(upwell.__path__, "upwell."):
    if module.name != "upwell.__main__":
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
def test_options_named_in_documents_exist() -> None:
    helps = {}
    for verb in ("train", "generate", "chat", "evaluate", "info", "plan"):
        done = subprocess.run([sys.executable, "-m", "upwell", verb, "--help"], capture_output=True, check=True)
        helps[verb] = done.stdout.decode("utf-8")
    for path in FILES:
        if path.suffix != ".md" or path.name == "experiments.md":
            continue
        for line in re.findall(r"^\s*(?:\$ )?upwell (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            verb = line.split()[0]
            assert verb in helps, f"{path.name}: upwell {line}"
            for option in re.findall(r"(?<=\s)--[a-z-]+", line.split("#")[0]):
                assert option in helps[verb], f"{path.name}: upwell {line}"


@in_checkout
def test_no_file_names_a_place_on_somebodys_machine() -> None:
    for path in FILES:
        if path.suffix in (".py", ".md", ".toml", ".json", ".yaml", ".txt", ""):
            found = re.findall(r"(?:/home/|/Users/|/root/|C:\\\\)\w+", path.read_text(encoding="utf-8"))
            assert not found, f"{path.name}: {found}"


@in_checkout
def test_files_stay_short() -> None:
    for path in FILES:
        if path.suffix == ".py":
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 500, path.name


@in_checkout
def test_the_wheel_trains_and_generates_outside_the_checkout(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(tmp_path.glob("upwell-*.whl"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    site = Path(
        subprocess.run(
            [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True,
            check=True,
        )
        .stdout.decode()
        .strip()
    )
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(tmp_path / "package"),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    # The package from the wheel comes first; what it depends on is this environment's.
    (site / "both.pth").write_text(f"{tmp_path / 'package'}\n{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    (tmp_path / "text.txt").write_text(TEXT.replace("\\n", "\n"), encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def upwell_says(*arguments: str) -> str:
        command = [str(python), "-m", "upwell", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8")

    where = [str(python), "-c", "import upwell; print(upwell.__file__)"]
    found = (
        subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, check=True).stdout.decode().strip()
    )
    assert Path(found).is_relative_to(tmp_path / "package")
    result = json.loads(
        upwell_says("train", "text.txt", "--size", "1k", "--tokens", "5k", "--quiet", "--json").splitlines()[-1]
    )
    assert result["valid_bpb"] > 0
    assert upwell_says("generate", result["run"], "line", "--max-tokens", "5").startswith("line")
