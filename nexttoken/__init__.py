"""The course's command line: thin commands that call the packages beside it."""
