"""From bytes to documents to tokens."""

from upwell.text.corpus import Corpus, prepare_corpus
from upwell.text.decoding import Piece, normalize
from upwell.text.ngrams import KneserNey
from upwell.text.sources import Source, open_source, open_sources
from upwell.text.stores import TokenStore, build_store
from upwell.text.tokenizer_training import train_tokenizer
from upwell.text.tokenizers import KINDS, StreamDecoder, Tokenizer
from upwell.text.vectors import WordVectors, load_vectors

__all__ = [
    "KINDS",
    "Corpus",
    "KneserNey",
    "Piece",
    "Source",
    "StreamDecoder",
    "TokenStore",
    "Tokenizer",
    "WordVectors",
    "build_store",
    "load_vectors",
    "normalize",
    "open_source",
    "open_sources",
    "prepare_corpus",
    "train_tokenizer",
]
