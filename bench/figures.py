"""What benchmarks measure."""

from typing import Any

Figures = dict[str, Any]
"""Figures by name, nested as their JSON under bench/results/ is."""
