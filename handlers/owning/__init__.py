"""Accounts of owners: registering, forgotten passwords, and what owners keep up to date themselves."""
