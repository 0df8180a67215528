"""What all benchmarks build on: the system, endpoints, and the export folder that is served."""
