"""Measurements of listening: `make bench-listening`."""
