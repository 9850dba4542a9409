"""Odd things that people report, the incidents they become, and sign-ins that look unusual."""
