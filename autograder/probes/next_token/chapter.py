"""Chapter 1, to which each module beside this one registers its exercise."""

from autograder.exercise import Chapter

chapter = Chapter("next_token", "A model predicts the next token")
