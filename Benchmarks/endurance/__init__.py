"""Many kinds of clients at once, well-behaved and others, and what a server's resources do meanwhile."""
