"""Benchmarks, each beside its floor or its rival in the same run, and the soak that kills and then counts."""
