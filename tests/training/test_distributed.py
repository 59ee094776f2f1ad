"""Two processes take the same steps as one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import safetensors.torch
import torch

PROGRAM = """
import sys
from pathlib import Path
import numpy as np, torch
from upwell.model.network import Network
from upwell.model.sizes import network_config
from upwell.training.distributed import join, leave
from upwell.training.loop import fit
from upwell.training.objectives import next_token
from upwell.training.recipe import Recipe
from upwell.training.schedules import Budget
from upwell.training.streams import TokenStream
from upwell.training.validation import Validation

torch.set_num_threads(1)
world = join(torch.device("cpu"))
tokens = np.random.default_rng(0).integers(0, 11, 3000).astype(np.uint8)
for model in ("lstm", "attention"):
    recipe = Recipe(rows=4, length=16, validations=2, checkpoint_seconds=0)
    network = Network(network_config(model, 2000, vocab_size=11, context=32, dropout=0.2))
    network.reset_parameters(0)
    calls = 0
    def stopped():
        global calls
        calls += 1
        return calls == 8
    for sitting in range(2):  # interrupted once and resumed, carried state of both processes included
        fit(network, objective=next_token, stream=TokenStream(tokens, 4, 16, 0), validate=Validation(tokens[:200], 0, 200, 20),
            recipe=recipe, budget=Budget("tokens", 64 * 20), folder=Path(sys.argv[1], model), num_workers=int(sys.argv[2]),
            world=world, stopped=stopped)
leave(world)
"""


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this build of torch has no torch.distributed")
def test_two_gloo_processes_equal_one(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}

    def start(folder: str, workers: int, extra: dict[str, str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(program), str(tmp_path / folder), str(workers)]
        return subprocess.Popen(command, env={**environment, **extra})

    processes = [start("two", 1, {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}) for rank in range(2)]
    processes.append(start("one", 2, {}))  # two parts in one process draw the same dropout masks
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0]
    for model in ("lstm", "attention"):
        one, two = (
            safetensors.torch.load_file(tmp_path / name / model / "model.safetensors") for name in ("one", "two")
        )
        for name in one:
            torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this build of torch has no torch.distributed")
def test_torchrun_trains_one_run_and_prints_once(tmp_path: Path) -> None:
    text = "\n".join(f"line {i % 17} of a small text" for i in range(400))
    (tmp_path / "text.txt").write_text(text, encoding="utf-8", newline="\n")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "upwell"]
    command += ["train", "text.txt", "--size", "2k", "--tokens", "10k", "--threads", "1", "--json", "--quiet"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    (line,) = done.stdout.decode("utf-8").strip().splitlines()
    assert json.loads(line)["finished"] and Path(json.loads(line)["run"]) == Path("runs/text")
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["text"]
