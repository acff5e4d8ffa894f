"""Guarantees as executable derivations, one file each: what follows from what, and how to tell who failed."""
