"""How a model reads and writes fast: `stepper(network, precision)`."""

from upwell.model.stepping.steppers import Stepper as Stepper
from upwell.model.stepping.steppers import stepper as stepper
