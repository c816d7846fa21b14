"""Speed and memory, measured beside what they are compared with, as ratios of one run: ``nox -s bench``."""
