"""What only the instructor's side may hold: the references, and the secret from which graded draws follow."""
