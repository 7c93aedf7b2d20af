"""Measurements of the project: `python -m benchmarks.run` (``make bench``)."""
