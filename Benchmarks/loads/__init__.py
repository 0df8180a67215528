"""Generators of load; each says what the server achieved under it."""
