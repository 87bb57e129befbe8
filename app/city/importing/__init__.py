"""Import of a delivered grid: read a file, judge all of it, draw what is wrong, apply it as a new generation."""
