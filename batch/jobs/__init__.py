"""The jobs, one a module: which options each has, and which service's door (`spark.py`) does its work."""
