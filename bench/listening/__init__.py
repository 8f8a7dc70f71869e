"""Measurements of `listening`."""
