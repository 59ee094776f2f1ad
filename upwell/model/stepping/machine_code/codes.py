"""The words in which a program is written."""

FIELDS = 21
"""Numbers of an operation: its code, whether all wait after it, and up to 19 arguments."""
FLOAT32, BFLOAT16, INT8, INT4 = range(4)
EMBED, PACK, LINEAR, RECUR, PLACES, ATTEND, UNPACK = range(7)
RNN_TANH, RNN_RELU, LSTM, GRU, MINGRU = range(5)
