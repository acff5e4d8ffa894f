"""One file a system: the faults that are planted in it, with the claims in which they must be found."""
