"""Chapter 2, to which each module beside this one registers its exercise."""

from autograder.exercise import Chapter

chapter = Chapter("rag", "How can a model answer about documents it has never seen?")
