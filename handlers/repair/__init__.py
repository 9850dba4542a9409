"""Repair of houses and common areas: from the report to the return visit."""
