"""Starts the gateway, nginx and h2o on loopback ports, and measures their processes."""
