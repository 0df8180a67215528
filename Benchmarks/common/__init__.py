"""What all benchmarks build on: the system, options, pairs of runs, endpoints, and the export folder that is served."""
