"""SMAC3 as a tuner."""
