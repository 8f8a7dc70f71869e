"""The extractor: time per clip, its network, its memory, its start. `python -m bench.extract`."""
