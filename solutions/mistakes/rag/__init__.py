"""Chapter 2: the wrong turns people take, and other right ways.

Without annotations, as most people write: the signatures and what they mean are in `solutions.rag`.
"""

from solutions.mistakes import gather

variants = gather(__name__, __path__)
