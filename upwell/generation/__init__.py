"""How a model speaks: sampling, batches of prompts, streams."""

from upwell.generation.engine import Generation as Generation
from upwell.generation.engine import generate as generate
from upwell.generation.engine import stream as stream
from upwell.generation.sampling import SamplingOptions as SamplingOptions
