"""What this machine can do, measured: cores, free memory, matmul peak. Nothing is probed at import."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import torch
from torch import Tensor

from upwell.errors import UserError


def usable_cores() -> int:
    """Cores this process may use: affinity and the container's quota, not what the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = _read_numbers(Path("/sys/fs/cgroup/cpu.max"))
    if len(quota) == 2:
        cores = min(cores, max(1, int(quota[0] / quota[1])))
    return cores


def free_memory() -> int:
    """Bytes that can still be taken without swapping, within the container's limit."""
    import psutil

    free = int(psutil.virtual_memory().available)
    limit = _read_numbers(Path("/sys/fs/cgroup/memory.max"))
    used = _read_numbers(Path("/sys/fs/cgroup/memory.current"))
    if limit and used:
        free = min(free, max(0, int(limit[0] - used[0])))
    return free


def device_memory(device: torch.device) -> int:
    """Bytes free on `device`."""
    return int(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else free_memory()


def choose_device(name: str | None) -> torch.device:
    """The device called `name`, cpu or cuda; None means an NVIDIA GPU where there is one, else the CPU.

    Of the processes that torchrun starts on a machine each takes a GPU of its own; with fewer GPUs all take the CPU.
    """
    rank, processes = (
        int(os.environ.get(key, usual)) for key, usual in (("LOCAL_RANK", "0"), ("LOCAL_WORLD_SIZE", "1"))
    )
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name not in (None, "cpu", "cuda"):
        raise UserError(f"--device {name}: choose cpu or cuda")
    if name == "cuda" and gpus < processes:
        found = (
            "this machine has no NVIDIA GPU that torch can use" if not gpus else f"{processes} processes, {gpus} GPUs"
        )
        raise UserError(f"--device cuda: {found}; leave --device out")
    if name == "cpu" or gpus < processes:
        return torch.device("cpu")
    return torch.device("cuda", rank) if processes > 1 else torch.device("cuda")


def matmul_peak(dtype: torch.dtype, *, device: torch.device | str = "cpu") -> float:
    """FLOP/s of a square matmul in `dtype` at the current thread count: the best of ten, about 0.1 s.

    The best, since a peak is what the machine can do: whatever else it does meanwhile only makes a product slower.

    On the CPU the size grows from 128 to 1024 until one product takes some milliseconds: a processor without bf16
    instructions is eighty times slower in bf16, and must not spend fifteen seconds on finding that out.
    """
    device = torch.device(device)

    def seconds(a: Tensor) -> float:
        start = time.perf_counter()
        torch.matmul(a, a)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter() - start

    size = 8192 if device.type == "cuda" else 128
    while True:
        a = torch.full((size, size), 0.5, dtype=dtype, device=device)
        seconds(a)
        if size >= 1024 or seconds(a) > 0.005:
            return 2 * size**3 / min(seconds(a) for _ in range(10))
        size *= 2


def describe_machine(device: torch.device) -> str:
    """The processor in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{_processor_name()}, {usable_cores()} cores"


def _processor_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _read_numbers(path: Path) -> list[float]:
    try:
        return [float(word) for word in path.read_text(encoding="utf-8").split()]
    except (OSError, ValueError):  # not Linux, no container, or the word "max"
        return []
