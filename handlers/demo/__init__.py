"""An invented estate with invented people and some weeks of real cases, to look at and to try things on."""
