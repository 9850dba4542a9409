"""Data that leave: exports by procedure, what people ask about their own data, and how long data are kept."""
