"""Who lives in a house changes: moving in, a new owner, a new tenant."""
