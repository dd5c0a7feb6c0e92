"""What asyncmig costs, measured beside its rivals in one run: ``python -m benchmarks``."""
