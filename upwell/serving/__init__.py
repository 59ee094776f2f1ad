"""Runs behind HTTP: an API that clients of OpenAI's understand, and a web page."""

from upwell.serving.options import ServerOptions as ServerOptions
from upwell.serving.running import serve_runs as serve_runs
