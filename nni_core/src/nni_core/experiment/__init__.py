"""The engine: what an experiment does with its trials, and nothing about where they run or what they try."""
