"""The append-only log of an experiment's events, and what is derived from it."""
