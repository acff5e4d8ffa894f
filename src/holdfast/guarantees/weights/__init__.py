"""Guarantees about weights and activations."""
