"""Measurements against targets and peers. Each `python -m bench.<name>` prints its targets and fails on a miss."""
