"""How central sentences are."""

from __future__ import annotations

import numpy as np
import pytest

from upwell.tasks.centrality import page_rank, text_rank, weighed_bags


def test_page_rank_is_that_of_networkx() -> None:
    networkx = pytest.importorskip("networkx")
    draws = np.random.default_rng(0)
    edges = draws.random((7, 7)) * (draws.random((7, 7)) < 0.4)
    edges = edges + edges.T
    edges[3] = edges[:, 3] = 0  # a sentence like no other
    np.fill_diagonal(edges, 0)
    wanted = networkx.pagerank(networkx.from_numpy_array(edges), alpha=0.85, tol=1e-12)
    np.testing.assert_allclose(page_rank(edges), [wanted[node] for node in range(7)], atol=1e-6)


def test_the_sentence_that_shares_most_is_the_most_central() -> None:
    units = ["the boat was red".split(), "anna sold the red boat".split(), "anna was sad".split(), ["rain"]]
    rank = text_rank(units)
    assert rank[:2].min() > rank[2] > rank[3]
    assert rank.sum() == pytest.approx(1)
    assert text_rank([["a"]]).tolist() == [1.0]


def test_bags_have_length_one_and_rare_words_count_more() -> None:
    bags = weighed_bags([["a", "b"], ["a"], []], {"a": 0.5, "b": 1.0})
    np.testing.assert_allclose(np.linalg.norm(bags, axis=1), [1, 1, 0])
    assert bags[0, 1] == pytest.approx(2 * bags[0, 0])
