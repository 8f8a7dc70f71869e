"""Engines find the rows of a segment that are near a query; a segment's manifest entry says which one and how.

`engine.py` says what an engine is, `registry.py` which there are. Only an engine's own module names its library.
"""
