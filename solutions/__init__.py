"""The reference implementations, one module a chapter, and the exercise notebooks' only source. Never shipped to students."""
