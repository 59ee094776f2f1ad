"""What a model is: config, sizes, mixers, blocks, state, accounting, files."""
