"""Communities, buildings, units and houses; people and their relations to houses over time."""
