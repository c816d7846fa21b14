"""The process of one experiment: engine, training service and web server on one event loop."""
