"""Runnable comparisons with named peers; `benchmarks/README.md` holds what they printed."""
