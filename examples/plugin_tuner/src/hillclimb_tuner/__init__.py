"""A tuner that climbs: it tries small changes of the best parameters so far."""
