"""What a client needs to know of the city before it can report."""
