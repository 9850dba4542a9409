"""Moves tokens, tasks and time; knows nothing of property management and nothing of Flask."""
