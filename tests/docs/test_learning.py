"""docs/learning.md and its Chinese twin: the documents themselves, and their sections on losses, updates and sampling.

A formula marked `<!-- formula: some-name -->` is checked by `test_learning_some_name`, here or in a test_learning_*.py
beside this file.
"""

from __future__ import annotations

import ast
import itertools
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.testing import assert_close

from upwell.training.optimizers import Muon, orthogonalize
from upwell.training.recipe import Recipe
from upwell.training.validation import Score

DOCS = Path(__file__).resolve().parents[2] / "docs"
ENGLISH = (DOCS / "learning.md").read_text(encoding="utf-8")
CHINESE = (DOCS / "learning.zh.md").read_text(encoding="utf-8")
BOTH = pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])


# ---- the two documents


def formulas(text: str) -> list[tuple[str, str]]:
    """Name and LaTeX of every marked formula, in order."""
    return re.findall(r"^<!-- formula: ([a-z0-9-]+) -->\n```math\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def table(text: str, name: str) -> list[list[str]]:
    """The rows under the mark `<!-- numbers: NAME -->`, without the heading."""
    rows = text.split(f"<!-- numbers: {name} -->\n")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def rounded(value: float, cell: str) -> str:
    """`value` written to as many places as `cell`."""
    if "e" in cell:
        return f"{value:.2e}"
    return f"{value:.{len(cell.partition('.')[2])}f}"


def test_learning_languages_hold_the_same_formulas_in_the_same_order() -> None:
    assert formulas(ENGLISH) == formulas(CHINESE)
    names = [name for name, _ in formulas(ENGLISH)]
    assert len(names) == len(set(names)) > 50


def test_learning_languages_have_the_same_sections() -> None:
    levels = [re.findall(r"^(#+) (?:(\d+)\. )?", text, re.MULTILINE) for text in (ENGLISH, CHINESE)]
    assert levels[0] == levels[1]


@BOTH
def test_learning_every_display_formula_carries_a_mark(text: str) -> None:
    assert text.count("```math") == len(formulas(text)) == text.count("<!-- formula:")
    assert "$$" not in text


def test_learning_every_formula_has_a_test() -> None:
    tested = {
        node.name
        for file in Path(__file__).parent.glob("test_learning*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    wanted = {"test_learning_" + name.replace("-", "_") for name, _ in formulas(ENGLISH)}
    assert wanted <= tested


@BOTH
def test_learning_inline_maths_survives_markdown(text: str) -> None:
    """GitHub wants a space before the opening dollar, and takes a few signs inside for Markdown."""
    prose = re.sub(r"```math\n.*?```", "", text, flags=re.DOTALL)
    for line in prose.splitlines():
        spans = list(re.finditer(r"\$[^$]+\$", line))
        assert line.count("$") == 2 * len(spans), line
        for span in spans:
            assert line[: span.start()][-1:] in ("", " "), line
            assert not re.match(r"[A-Za-z0-9\u4e00-\u9fff]", line[span.end() :]), line
            assert not re.search(r"[})\]|]_|\\[^a-zA-Z]|[*<>&]|^\$\s|\s\$$", span[0]), line


def test_learning_languages_hold_the_same_numbers() -> None:
    names = re.findall(r"<!-- numbers: ([a-z-]+) -->", ENGLISH)
    assert names == re.findall(r"<!-- numbers: ([a-z-]+) -->", CHINESE) and len(names) == 5
    for name in names:
        digits = [
            [re.findall(r"-?\d[\d.e-]*", cell) for row in table(t, name) for cell in row[1:]]
            for t in (ENGLISH, CHINESE)
        ]
        assert digits[0] == digits[1]


@BOTH
def test_learning_links_lead_to_files(text: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (DOCS / target).exists(), target


# ---- the numbers


@BOTH
def test_learning_worked_example_is_what_torch_computes(text: str) -> None:
    h = torch.tensor([1.0, -1.0], requires_grad=True)
    C = torch.tensor([[1, -1], [1, 0], [0.5, 0.5]])
    z = C @ h
    z.retain_grad()
    loss = F.cross_entropy(z, torch.tensor(1))
    loss.backward()
    assert z.grad is not None and h.grad is not None
    stepped = z.detach() - z.grad
    rows = [z, z.exp(), z.softmax(0), torch.tensor([0, 1, 0]), z.grad, stepped, stepped.softmax(0)]
    for row, values in zip(table(text, "worked-example"), rows, strict=True):
        assert row[1:] == [rounded(v, cell) for v, cell in zip(values.tolist(), row[1:], strict=True)]
    nats = loss.item()
    after = F.cross_entropy(stepped, torch.tensor(1)).item()
    scalars = [nats, nats / math.log(2), math.exp(nats), nats / math.log(2) / len(b" cat"), after, *h.grad.tolist()]
    for row, value in zip(table(text, "worked-example-scalars"), scalars, strict=True):
        assert row[1] == rounded(value, row[1]), row


@BOTH
def test_learning_sampling_example_is_what_the_definitions_give(text: str) -> None:
    z = torch.tensor([2.0, 1.0, 0.0])
    p = z.softmax(0)
    kept = {
        "k = 2": p >= p.topk(2).values[-1],
        "P = 0.6": p == p.max(),
        "m = 0.1": p >= 0.1 * p.max(),
        "m = 0.2": p >= 0.2 * p.max(),
    }
    assert p.max() >= 0.6
    for label, *cells in table(text, "sampling"):
        name, value = label.strip("$").split(" = ")
        expected = (z / float(value)).softmax(0) if name == "\\tau" else restrict(p, kept[f"{name} = {value}"])
        assert cells == [rounded(v, cell) for v, cell in zip(expected.tolist(), cells, strict=True)]


def measured() -> Any:
    return json.loads((DOCS / "results" / "gradient_lag.json").read_text(encoding="utf-8"))["figures"]


@BOTH
def test_learning_gradient_lags_are_the_measured_ones(text: str) -> None:
    figures = measured()
    assert [row[0] for row in table(text, "gradient-lag")] == [
        "rnn",
        "gru",
        "lstm",
        "mingru",
        "attention",
        "rnn (relu)",
    ]
    for name, lag, spread, *norms in table(text, "gradient-lag"):
        kept = figures["mixers"][name]
        assert re.findall(r"\d+", lag) == _digits(kept["lag_of_fall_1000"])
        assert re.findall(r"\d+", spread) == _digits(kept["lag_of_fall_1000_lowest"], kept["lag_of_fall_1000_highest"])
        assert [float(norm) for norm in norms] == [kept["relative_norm"][k]["median"] for k in ("100", "200")]
    for bias, gate, path, lag in table(text, "forget-bias"):
        sigma = 1 / (1 + math.exp(-float(bias)))
        assert gate == rounded(sigma, gate)
        assert path == rounded(math.log(1000) / -math.log(sigma), path)
        assert re.findall(r"\d+", lag) == _digits(figures["lstm_forget_bias"][bias]["lag_of_fall_1000"])


@BOTH
def test_learning_prose_about_the_picture_is_what_was_measured(text: str) -> None:
    figures = measured()
    for name in ("rnn", "lstm", "gru"):
        norm = {k: v["median"] for k, v in figures["mixers"][name]["relative_norm"].items()}
        assert f"{1 - (norm['200'] / norm['100']) ** 0.01:.0%}" in text
    scaled = figures["rnn_recurrent_scale"]
    assert re.search(rf"\b{scaled['0.5']['lag_of_fall_1000']} (tokens|个词元)", text)
    assert f"{scaled['2']['relative_norm']['200']['median']:.0f}" in text
    assert f"$10^{{{math.log10(scaled['3']['relative_norm']['200']['median']):.0f}}}$" in text
    norm = {k: v["median"] for k, v in figures["mixers"]["mingru"]["relative_norm"].items()}
    assert norm["50"] / norm["200"] == pytest.approx(4, rel=0.05)  # as one over the lag


def _digits(*lags: int | None) -> list[str]:
    return [str(lag) for lag in lags if lag is not None]


# ---- sections 1 to 3: probabilities, loss, gradient


def test_learning_chain_rule() -> None:
    V, T, D = 3, 4, 5
    embedding, mixer, head = nn.Embedding(V + 1, D), nn.RNN(D, D, batch_first=True), nn.Linear(D, V)
    texts = torch.tensor(list(itertools.product(range(V), repeat=T)))  # every text of length T
    start = torch.full((len(texts), 1), V)
    logits = head(mixer(embedding(torch.cat([start, texts[:, :-1]], 1)))[0])
    p = logits.softmax(-1).gather(2, texts[..., None]).prod(1)
    assert_close(p.sum(), torch.tensor(1.0))
    nats = F.cross_entropy(logits.transpose(1, 2), texts, reduction="none").sum(1)
    assert_close(p[:, 0], (-nats).exp())


def test_learning_network() -> None:
    V, T, D = 7, 6, 4
    embedding, mixer, head = nn.Embedding(V, D), nn.RNN(D, D), nn.Linear(D, V, bias=False)
    w = torch.randint(V, (T,))
    x = torch.stack([embedding.weight[token] for token in w])
    assert_close(x, embedding(w))
    z = torch.stack([head.weight @ h for h in mixer(x)[0]])
    assert_close(z, head(mixer(embedding(w))[0]))
    changed = head(mixer(embedding(torch.cat([w[:-1], (w[-1:] + 1) % V])))[0])
    assert_close(changed[:-1], z[:-1])
    assert not torch.equal(changed[-1], z[-1])


def test_learning_softmax() -> None:
    z = torch.randn(9)
    p = z.exp() / z.exp().sum()
    assert_close(p, torch.softmax(z, 0))
    assert_close(torch.softmax(z + 100, 0), p)


def test_learning_cross_entropy() -> None:
    z = torch.randn(9)
    assert_close(-(F.one_hot(torch.tensor(4), 9) * z.softmax(0).log()).sum(), F.cross_entropy(z, torch.tensor(4)))
    assert_close(-z.softmax(0)[4].log(), F.cross_entropy(z, torch.tensor(4)))


def test_learning_mean_loss() -> None:
    z, w = torch.randn(5, 9), torch.randint(9, (5,))
    text_probability = z.softmax(1)[range(5), w].prod()
    assert_close(-text_probability.log() / 5, F.cross_entropy(z, w))


def test_learning_perplexity() -> None:
    assert_close(F.cross_entropy(torch.zeros(5, 9), torch.randint(9, (5,))).exp(), torch.tensor(9.0))


def test_learning_bits_per_byte() -> None:
    text = "模型 model".encode()
    uniform = F.cross_entropy(torch.zeros(len(text), 256), torch.tensor(list(text))).item()
    assert len(text) * uniform / (len(text) * math.log(2)) == pytest.approx(8)
    L, T = 2.5, 7
    bpb = T * L / (len(text) * math.log(2))
    assert bpb == pytest.approx(Score(nats=T * L, tokens=T, num_bytes=len(text), num_words=2).bits_per_byte)


def test_learning_word_perplexity() -> None:
    score = Score(nats=17.5, tokens=7, num_bytes=12, num_words=2)
    assert score.word_perplexity == pytest.approx(math.exp(score.tokens * score.loss / score.num_words))
    assert score.word_perplexity == pytest.approx(2 ** (score.bits_per_byte * score.num_bytes / score.num_words))


def test_learning_log_softmax() -> None:
    z = torch.randn(9)
    assert_close(z - z.exp().sum().log(), F.log_softmax(z, 0))


def test_learning_softmax_jacobian() -> None:
    z = torch.randn(6)
    p, delta = z.softmax(0), torch.eye(6)
    assert_close(delta - p, torch.autograd.functional.jacobian(lambda v: F.log_softmax(v, 0), z))
    assert_close(p[:, None] * (delta - p), torch.autograd.functional.jacobian(lambda v: F.softmax(v, 0), z))


@pytest.mark.parametrize(
    "y", [F.one_hot(torch.tensor(2), 6).double(), torch.tensor([0.1, 0.4, 0, 0.2, 0.3, 0]).double()]
)
def test_learning_cross_entropy_gradient(y: Tensor) -> None:
    z = torch.randn(6, requires_grad=True)
    (gradient,) = torch.autograd.grad(F.cross_entropy(z, y), z)
    p = z.softmax(0)
    assert_close(-(y[:, None] * (torch.eye(6) - p)).sum(0), gradient)
    assert_close(p - y, gradient)
    assert_close(gradient.sum(), torch.tensor(0.0))


def test_learning_temperature_gradient() -> None:
    z, tau = torch.randn(6, requires_grad=True), torch.tensor(0.7, requires_grad=True)
    gradients = torch.autograd.grad(F.cross_entropy(z / tau, torch.tensor(2)), (z, tau))
    error = (z / tau).softmax(0) - F.one_hot(torch.tensor(2), 6)
    assert_close(error / tau, gradients[0])
    assert_close(-(error @ z) / tau**2, gradients[1])


def test_learning_mean_gradient() -> None:
    z, w = torch.randn(5, 6, requires_grad=True), torch.randint(6, (5,))
    (gradient,) = torch.autograd.grad(F.cross_entropy(z, w), z)
    assert_close((z.softmax(1) - F.one_hot(w, 6)) / 5, gradient)


def test_learning_output_gradient() -> None:
    C, h = torch.randn(6, 4, requires_grad=True), torch.randn(4, requires_grad=True)
    gradients = torch.autograd.grad(F.cross_entropy(C @ h, torch.tensor(2)), (C, h))
    error = (C @ h).softmax(0) - F.one_hot(torch.tensor(2), 6)
    assert_close(torch.outer(error, h), gradients[0])
    assert_close(C.T @ error, gradients[1])


# ---- section 9: steps


def test_learning_adamw() -> None:
    theta, m, v = torch.randn(4, 3), torch.zeros(4, 3), torch.zeros(4, 3)
    parameter = nn.Parameter(theta.clone())
    optimizer = torch.optim.AdamW([parameter], lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.2)
    for t in range(1, 6):
        g = torch.randn(4, 3)
        parameter.grad = g.clone()
        optimizer.step()
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        theta = (1 - 0.1 * 0.2) * theta - 0.1 * (m / (1 - 0.9**t)) / ((v / (1 - 0.99**t)).sqrt() + 1e-8)
        assert_close(parameter.data, theta)


def newton_schulz(x: Tensor) -> Tensor:
    a, b, c = 3.4445, -4.7750, 2.0315
    return a * x + b * (x @ x.T) @ x + c * (x @ x.T) @ (x @ x.T) @ x


def test_learning_newton_schulz() -> None:
    x = torch.randn(4, 6)
    x /= x.norm()
    p, s, qt = torch.linalg.svd(x, full_matrices=False)
    assert_close(newton_schulz(x), p @ torch.diag(3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5) @ qt)
    assert_close(newton_schulz(x), orthogonalize(x[None], dtype=torch.float64, steps=1)[0], rtol=1e-5, atol=1e-6)
    for _ in range(5):
        x = newton_schulz(x)
    assert torch.linalg.svdvals(x).min() > 0.6 and torch.linalg.svdvals(x).max() < 1.3


def muon_steps(theta: Tensor, gradients: list[Tensor]) -> Tensor:
    """The formula, with rate 0.1, decay 0.2 and momentum 0.95."""
    M = torch.zeros_like(theta)
    for G in gradients:
        M = 0.95 * M + 0.05 * G
        x = 0.95 * M + 0.05 * G
        x = x / x.norm()
        for _ in range(5):
            x = newton_schulz(x)
        theta = (1 - 0.1 * 0.2) * theta - 0.2 * 0.1 * math.sqrt(max(theta.shape)) * x
    return theta


def test_learning_muon() -> None:
    theta, gradients = torch.randn(4, 6), [torch.randn(4, 6) for _ in range(3)]
    mine, gradient = {"w": theta.clone()}, {"w": torch.zeros(4, 6)}
    muon = Muon(mine, gradient, {"w": 1}, Recipe(momentum=0.95, weight_decay=0.2, turns=1), dtype=torch.float64)
    for g in gradients:
        gradient["w"].copy_(g)
        muon.step(0.1)
    assert_close(mine["w"], muon_steps(theta, gradients), rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no Muon")
def test_learning_muon_is_that_of_torch() -> None:
    theta, gradients = torch.randn(4, 6), [torch.randn(4, 6) for _ in range(3)]
    parameter = nn.Parameter(theta.clone())
    muon = torch.optim.Muon([parameter], lr=0.1, weight_decay=0.2, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    for g in gradients:
        parameter.grad = g.clone()
        muon.step()
    assert_close(parameter.data, muon_steps(theta, gradients), rtol=0, atol=5e-3)  # torch iterates in bfloat16


# ---- section 10: sampling


def restrict(p: Tensor, kept: Tensor) -> Tensor:
    """`p` cut to the tokens in `kept` and scaled to sum to one."""
    return torch.where(kept, p, 0) / p[kept].sum()


def test_learning_temperature() -> None:
    z = torch.randn(9)
    assert_close((z / 0.7).exp() / (z / 0.7).exp().sum(), torch.softmax(z / 0.7, 0))
    assert torch.softmax(z / 1e-4, 0).argmax() == z.argmax() and torch.softmax(z / 1e-4, 0).max() > 1 - 1e-9


def test_learning_truncated_sampling() -> None:
    z, kept = torch.randn(9), torch.tensor([0, 1, 1, 0, 0, 1, 0, 1, 0], dtype=torch.bool)
    assert_close(restrict(z.softmax(0), kept), z.masked_fill(~kept, -torch.inf).softmax(0))


def test_learning_top_k() -> None:
    p = torch.randn(9).softmax(0)
    assert set(p.argsort(descending=True)[:4].tolist()) == set(p.topk(4).indices.tolist())


def test_learning_top_p() -> None:
    p = torch.randn(7).softmax(0)
    for P in (0.1, 0.5, 0.9, 1 - 1e-9):
        order = p.argsort(descending=True)
        n = next(n for n in range(1, 8) if p[order[:n]].sum() >= P)
        subsets = (s for size in range(1, 8) for s in itertools.combinations(range(7), size) if p[list(s)].sum() >= P)
        assert len(next(subsets)) == n  # no smaller set holds as much


def test_learning_min_p() -> None:
    z = torch.randn(9)
    p = z.softmax(0)
    assert torch.equal(p >= 0.3 * p.max(), z >= z.max() + math.log(0.3))
