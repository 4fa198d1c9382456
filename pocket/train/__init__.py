"""How the pocket models are made: one script a model."""
