"""Earshot on one machine: an embedded AWS, an event loop that triggers the functions, an HTTP front door."""
