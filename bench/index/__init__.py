"""Measurements of the index: `make bench-index`."""
