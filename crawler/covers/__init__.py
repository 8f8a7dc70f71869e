"""Covers of own files and of media servers' songs: drawn small in a confined process, kept as long as a track has them."""
