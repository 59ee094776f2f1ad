"""The emergence study: a ladder of sizes, abilities measured on it, and what may honestly be said about them."""
