"""The reference implementations, one module a chapter: the exercises' only source, never shipped to students."""
