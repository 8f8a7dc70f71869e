"""Which thirty seconds of a song are heard: rules beside one another. `python -m bench.windows`."""
