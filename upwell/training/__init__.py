"""How a model learns: plan, recipe, loop, checkpoints, validation."""
