"""Word vectors: read, written, compared, trained."""

from upwell.text.vectors.reading import load_vectors
from upwell.text.vectors.word_vectors import WordVectors
from upwell.text.vectors.writing import save_vectors

__all__ = ["WordVectors", "load_vectors", "save_vectors"]
