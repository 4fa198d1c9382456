"""The world that the pocket models know: towns, towers, rivers and people that exist nowhere else.

`World(seed)` makes one. `schema` says what there is and how it is said; add a relation there. `questions` and
`traces` ask about a world and show how an agent answers; `prompts` has the formats. `pictures` is a world of its own,
of coloured shapes, which `painting` paints. Every name belongs to one side for ever, "train" or "held-out", so a
question about a held-out world can only be answered by reading.
"""

from pocket.world.facts import Document, Entity, Fact, Passage, World
from pocket.world.questions import UNKNOWN, Question, arithmetic, chain, lookup
from pocket.world.schema import RELATIONS, Relation

__all__ = [
    "RELATIONS", "UNKNOWN", "Document", "Entity", "Fact", "Passage", "Question", "Relation", "World",
    "arithmetic", "chain", "lookup",
]  # fmt: skip
