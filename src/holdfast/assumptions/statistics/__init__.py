"""Assumptions about how success grows with tries, compute, data and size."""
