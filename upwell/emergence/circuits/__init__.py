"""The abilities of the circuits suite: made by rule, learned in a minute by models of a few thousand parameters."""

from upwell.emergence.circuits.arithmetic import Addition as Addition
from upwell.emergence.circuits.arithmetic import ModularAddition as ModularAddition
from upwell.emergence.circuits.arithmetic import Sorting as Sorting
from upwell.emergence.circuits.knowledge import Knowledge as Knowledge
from upwell.emergence.circuits.recall import Copy as Copy
from upwell.emergence.circuits.recall import Hops as Hops
from upwell.emergence.circuits.recall import Labels as Labels
from upwell.emergence.circuits.recall import Recall as Recall
from upwell.emergence.circuits.tracking import Parity as Parity
from upwell.emergence.circuits.tracking import Swaps as Swaps
