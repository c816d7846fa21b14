"""What holds for all tests."""

from hypothesis import settings

# A busy machine may hold up any example.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
