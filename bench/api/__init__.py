"""Measurements of the HTTP API: `make bench-api`."""
