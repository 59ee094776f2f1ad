"""The emergence study: a ladder of sizes, abilities measured on it, and what may honestly be said about them."""

from upwell.emergence.ability import Ability as Ability
from upwell.emergence.ability import Rows as Rows
from upwell.emergence.ability import continuation as continuation
from upwell.emergence.jobs import Budget as Budget
from upwell.emergence.ladder import Ladder as Ladder
