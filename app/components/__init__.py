"""The city's components (部件): what stands where, who owns, maintains and supervises it."""
