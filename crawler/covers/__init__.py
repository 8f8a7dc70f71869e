"""Covers of own files and media servers: drawn small in a confined process, kept as long as a track has them."""
