"""Chapter 3, to which each module beside this one registers its exercise."""

from autograder.exercise import Chapter

chapter = Chapter("agents", "What when the model must act?")
