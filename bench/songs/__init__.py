"""Own files of full length beside their clips: what the length costs. `python -m bench.songs`."""
