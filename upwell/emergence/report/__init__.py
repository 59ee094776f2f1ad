"""The report: one HTML page made from one JSON file."""
