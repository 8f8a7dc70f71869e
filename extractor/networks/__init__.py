"""Samples -> features: the networks, their spectrograms and their files."""
