"""Hidden probes: run at grading only, never part of what a student receives.

These are this course's examples. Instructors keep their own in a folder outside the repository and name it with
``--hidden`` (or the environment variable NEXTTOKEN_HIDDEN).
"""
