"""The mixers: rnn, lstm, gru, mingru, attention; and those of encoders, which see a whole text at once."""

from upwell.model.mixers.attention import Attention as Attention
from upwell.model.mixers.bidirectional import Bidirectional as Bidirectional
from upwell.model.mixers.bidirectional import WholeAttention as WholeAttention
from upwell.model.mixers.mingru import MinGRU as MinGRU
from upwell.model.mixers.mixer import Mixer as Mixer
from upwell.model.mixers.recurrent import GRU as GRU
from upwell.model.mixers.recurrent import LSTM as LSTM
from upwell.model.mixers.recurrent import RNN as RNN
