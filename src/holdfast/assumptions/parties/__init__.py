"""Assumptions about several parties, and about what a component was declared to do."""
