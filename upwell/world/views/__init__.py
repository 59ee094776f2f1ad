"""Ways of asking about the world: each file makes examples of one view and holds its oracle."""
