"""What the company does behind a step, sliced by subject."""
