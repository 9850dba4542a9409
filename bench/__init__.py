"""Measures the product against its targets, each figure beside a reference of the same run."""
