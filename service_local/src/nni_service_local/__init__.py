"""The training service that runs trials as processes on this machine."""
