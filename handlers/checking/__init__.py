"""The second check of important data, and the correction of what is on record."""
