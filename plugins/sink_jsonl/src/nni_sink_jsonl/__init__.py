"""Metric sink that writes what happens in an experiment to a file, one JSON object a line."""
