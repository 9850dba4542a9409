"""The company's policy, clause by clause: where each is enforced, what proves it, and how it is kept."""
