"""Measurements of ten million tracks: `python -m bench.scale`."""
