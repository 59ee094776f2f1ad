"""How a model speaks: sampling, batches of prompts, streams, beam search, drafts."""

from upwell.generation.beam import BeamOptions as BeamOptions
from upwell.generation.beam import Hypothesis as Hypothesis
from upwell.generation.beam import beam_search as beam_search
from upwell.generation.engine import Generation as Generation
from upwell.generation.engine import generate as generate
from upwell.generation.engine import stream as stream
from upwell.generation.sampling import SamplingOptions as SamplingOptions
from upwell.generation.speculation import Draft as Draft
from upwell.generation.speculation import generate_with_draft as generate_with_draft
from upwell.generation.speculation import stream_with_draft as stream_with_draft
