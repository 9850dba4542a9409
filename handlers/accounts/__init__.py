"""Staff and resident accounts: who they are, how they prove it, and what their posts let them do."""
