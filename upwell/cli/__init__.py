"""The `upwell` command: one file per verb, loaded when the verb is called."""

from upwell.cli.main import main as main
