"""What there is in the world, and what can be said about it: the kinds of thing, and the relations between them.

To add a relation, append one `Relation` to `RELATIONS`: documents, questions, searches and traces follow from it.
In every text, `{e}` is the entity ("the Velmar Tower") and `{E}` the same at the start of a sentence; `{v}` and `{V}` are
the value:

    Relation(
        "town", "market day", "weekday",
        phrase="the market day of {e}",
        statements=("The market of {e} is held on {v}.", "Every {v} there is a market in {e}."),
        clause="which has its market on {v}",
        questions=("On which day is the market of {e}?", "When does {e} hold its market?"),
    )

and, because "weekday" is a new kind of value, one line in `VALUES`:

    "weekday": lambda rng: rng.choice(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")),

Then train again (`python -m pocket.train.lm`): the model must read the new sentences to answer about them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from pocket.world.names import NameBag


@dataclass(frozen=True)
class Kind:
    """A kind of entity.

    Attributes
    ----------
    name
        What it is called in the schema.
    title
        Draws the name of an entity of this kind.
    article
        Whether the name stands after "the" in a sentence.
    """

    name: str
    title: Callable[[Random, NameBag], str]
    article: bool = False


@dataclass(frozen=True)
class Arithmetic:
    """How two numbers of a relation are asked for together; `{a}` and `{b}` are the two entities.

    Attributes
    ----------
    difference
        Asks for the first number minus the second.
    total
        Asks for their sum, where a sum means something.
    unit
        The unit of the answer, "" if it has none.
    """

    difference: str
    total: str | None = None
    unit: str = ""


@dataclass(frozen=True)
class Relation:
    """Something that holds of every entity of a kind, and has one value.

    Attributes
    ----------
    kind
        The kind of entity that it is said of.
    name
        What it is called: a noun that can stand in "The ... is ...".
    value
        The kind of entity, or a key of `VALUES`, that its value is.
    phrase
        A noun phrase for the value; also what an agent searches for.
    statements
        Whole sentences that say it, in different words.
    clause
        The same as a relative clause, which can be slipped into another sentence about the entity.
    questions
        Questions that ask for the value.
    arithmetic
        Questions about two such values, if they are numbers.
    """

    kind: str
    name: str
    value: str
    phrase: str
    statements: tuple[str, ...]
    clause: str
    questions: tuple[str, ...]
    arithmetic: Arithmetic | None = None


LANDMARKS = ("Tower", "Bridge", "Lighthouse", "Observatory", "Library", "Palace")
WRITINGS = ("Letters", "Songs", "Tales", "Maps")
FEASTS = ("Fair", "Festival", "Regatta")
PROFESSIONS = ("builder", "painter", "historian", "sailor", "physician", "printer", "musician", "surveyor")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("town", lambda _, names: names.draw()),
        Kind("landmark", lambda rng, names: f"{names.draw()} {rng.choice(LANDMARKS)}", article=True),
        Kind("river", lambda _, names: f"River {names.draw()}", article=True),
        Kind("mountain", lambda _, names: f"Mount {names.draw()}"),
        Kind("person", lambda _, names: f"{names.draw()} {names.draw()}"),
        Kind("ship", lambda _, names: f"ship {names.draw()}", article=True),
        Kind("book", lambda rng, names: f"{names.draw()} {rng.choice(WRITINGS)}", article=True),
        Kind("festival", lambda rng, names: f"{names.draw()} {rng.choice(FEASTS)}", article=True),
    )
}

VALUES: Mapping[str, Callable[[Random], str]] = {
    "year": lambda rng: str(rng.randint(1203, 1997)),
    "people": lambda rng: str(rng.randint(310, 98760)),
    "metres": lambda rng: f"{rng.randint(21, 389)} metres",
    "altitude": lambda rng: f"{rng.randint(1014, 6987)} metres",
    "kilometres": lambda rng: f"{rng.randint(43, 2790)} kilometres",
    "profession": lambda rng: rng.choice(PROFESSIONS),
    "month": lambda rng: rng.choice(MONTHS),
}

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "town", "mayor", "person",
        phrase="the mayor of {e}",
        statements=("The mayor of {e} is {v}.", "{V} is the mayor of {e}.", "{E} elected {v} as mayor."),
        clause="whose mayor is {v}",
        questions=("Who is the mayor of {e}?", "What is the name of the mayor of {e}?"),
    ),
    Relation(
        "town", "founding year", "year",
        phrase="the founding year of {e}",
        statements=("{E} was founded in {v}.", "The first houses of {e} were built in {v}.", "{E} has been a town since {v}."),
        clause="which was founded in {v}",
        questions=("When was {e} founded?", "In which year was {e} founded?"),
        arithmetic=Arithmetic("How many years after {b} was {a} founded?", unit="years"),
    ),
    Relation(
        "town", "river", "river",
        phrase="the river that flows through {e}",
        statements=("{E} lies on {v}.", "{V} flows through {e}.", "The houses of {e} stand along {v}."),
        clause="which lies on {v}",
        questions=("Which river flows through {e}?", "On which river does {e} lie?"),
    ),
    Relation(
        "town", "population", "people",
        phrase="the population of {e}",
        statements=("{E} has {v} inhabitants.", "{V} people live in {e}.", "The population of {e} is {v}."),
        clause="which has {v} inhabitants",
        questions=("How many people live in {e}?", "What is the population of {e}?"),
        arithmetic=Arithmetic(
            "How many more people live in {a} than in {b}?", "How many people live in {a} and {b} together?"
        ),
    ),
    Relation(
        "landmark", "town", "town",
        phrase="the town where {e} stands",
        statements=("{E} stands in {v}.", "Visitors to {v} often see {e}.", "{E} is in the town of {v}."),
        clause="which stands in {v}",
        questions=("In which town does {e} stand?", "Where is {e}?"),
    ),
    Relation(
        "landmark", "height", "metres",
        phrase="the height of {e}",
        statements=("{E} is {v} tall.", "The height of {e} is {v}.", "From the ground to its top {e} measures {v}."),
        clause="which is {v} tall",
        questions=("How tall is {e}?", "What is the height of {e}?"),
        arithmetic=Arithmetic(
            "How many metres taller is {a} than {b}?", "How tall are {a} and {b} together?", unit="metres"
        ),
    ),
    Relation(
        "landmark", "completion year", "year",
        phrase="the completion year of {e}",
        statements=("{E} was completed in {v}.", "The work on {e} ended in {v}.", "{E} opened its doors in {v}."),
        clause="which was completed in {v}",
        questions=("When was {e} completed?", "In which year was {e} finished?"),
        arithmetic=Arithmetic("How many years after {b} was {a} completed?", unit="years"),
    ),
    Relation(
        "landmark", "architect", "person",
        phrase="the architect of {e}",
        statements=("{V} designed {e}.", "{E} was designed by {v}.", "The architect of {e} was {v}."),
        clause="which was designed by {v}",
        questions=("Who designed {e}?", "Who was the architect of {e}?"),
    ),
    Relation(
        "river", "mountain", "mountain",
        phrase="the mountain where {e} rises",
        statements=("{E} rises on {v}.", "The source of {e} is on {v}.", "{E} comes down from {v}."),
        clause="which rises on {v}",
        questions=("On which mountain does {e} rise?", "Where is the source of {e}?"),
    ),
    Relation(
        "river", "length", "kilometres",
        phrase="the length of {e}",
        statements=("{E} is {v} long.", "The length of {e} is {v}.", "{E} runs for {v} before it reaches the sea."),
        clause="which is {v} long",
        questions=("How long is {e}?", "What is the length of {e}?"),
        arithmetic=Arithmetic(
            "How many kilometres longer is {a} than {b}?", "How long are {a} and {b} together?", unit="kilometres"
        ),
    ),
    Relation(
        "mountain", "height", "altitude",
        phrase="the height of {e}",
        statements=("{E} is {v} high.", "The top of {e} lies at {v}.", "{E} rises to {v} above the sea."),
        clause="which is {v} high",
        questions=("How high is {e}?", "What is the height of {e}?"),
        arithmetic=Arithmetic("How many metres higher is {a} than {b}?", unit="metres"),
    ),
    Relation(
        "mountain", "first climber", "person",
        phrase="the first person to climb {e}",
        statements=("The first person to climb {e} was {v}.", "{V} was the first to climb {e}.", "{E} was first climbed by {v}."),
        clause="which was first climbed by {v}",
        questions=("Who first climbed {e}?", "Who was the first person to climb {e}?"),
    ),
    Relation(
        "person", "birthplace", "town",
        phrase="the town where {e} was born",
        statements=("{E} was born in {v}.", "The birthplace of {e} is {v}.", "{E} grew up in {v}."),
        clause="who was born in {v}",
        questions=("In which town was {e} born?", "Where was {e} born?"),
    ),
    Relation(
        "person", "birth year", "year",
        phrase="the birth year of {e}",
        statements=("The birth year of {e} is {v}.", "{E} came into the world in {v}.", "It was in {v} that {e} was born."),
        clause="who was born in {v}",
        questions=("When was {e} born?", "In which year was {e} born?"),
        arithmetic=Arithmetic("How many years after {b} was {a} born?", unit="years"),
    ),
    Relation(
        "person", "profession", "profession",
        phrase="the profession of {e}",
        statements=("{E} worked as a {v}.", "By profession {e} was a {v}.", "{E} earned a living as a {v}."),
        clause="who worked as a {v}",
        questions=("What is the profession of {e}?", "What did {e} work as?"),
    ),
    Relation(
        "person", "teacher", "person",
        phrase="the teacher of {e}",
        statements=("{E} studied under {v}.", "{V} was the teacher of {e}.", "{E} learned everything from {v}."),
        clause="who studied under {v}",
        questions=("Who was the teacher of {e}?", "Under whom did {e} study?"),
    ),
    Relation(
        "ship", "captain", "person",
        phrase="the captain of {e}",
        statements=("The captain of {e} is {v}.", "{V} commands {e}.", "{E} sails under {v}."),
        clause="which sails under {v}",
        questions=("Who is the captain of {e}?", "Who commands {e}?"),
    ),
    Relation(
        "ship", "home port", "town",
        phrase="the home port of {e}",
        statements=("The home port of {e} is {v}.", "{E} sails from {v}.", "In winter {e} lies at {v}."),
        clause="whose home port is {v}",
        questions=("What is the home port of {e}?", "From which town does {e} sail?"),
    ),
    Relation(
        "ship", "launch year", "year",
        phrase="the launch year of {e}",
        statements=("{E} was launched in {v}.", "The first voyage of {e} was in {v}.", "{E} has been at sea since {v}."),
        clause="which was launched in {v}",
        questions=("When was {e} launched?", "In which year was {e} launched?"),
        arithmetic=Arithmetic("How many years after {b} was {a} launched?", unit="years"),
    ),
    Relation(
        "book", "author", "person",
        phrase="the author of {e}",
        statements=("{V} wrote {e}.", "{E} were written by {v}.", "The author of {e} is {v}."),
        clause="which were written by {v}",
        questions=("Who wrote {e}?", "Who is the author of {e}?"),
    ),
    Relation(
        "book", "printing year", "year",
        phrase="the printing year of {e}",
        statements=("{E} were first printed in {v}.", "The first edition of {e} is from {v}.", "{E} came out in {v}."),
        clause="which were first printed in {v}",
        questions=("When were {e} first printed?", "In which year did {e} come out?"),
        arithmetic=Arithmetic("How many years after {b} were {a} printed?", unit="years"),
    ),
    Relation(
        "festival", "town", "town",
        phrase="the town that holds {e}",
        statements=("{E} takes place in {v}.", "{V} holds {e}.", "Every year {e} fills the streets of {v}."),
        clause="which takes place in {v}",
        questions=("In which town does {e} take place?", "Where is {e} held?"),
    ),
    Relation(
        "festival", "month", "month",
        phrase="the month of {e}",
        statements=("{E} is held in {v}.", "The month of {e} is {v}.", "People come to {e} in {v}."),
        clause="which is held in {v}",
        questions=("In which month is {e}?", "When is {e} held?"),
    ),
)  # fmt: skip

ASIDES: Mapping[str, tuple[str, ...]] = {
    "town": ("Travellers praise the bread of {e}.", "Many songs mention {e}."),
    "landmark": ("{E} appears on many postcards.", "Painters like to draw {e}."),
    "river": ("In spring {e} is full of boats.", "{E} is known for its fish."),
    "mountain": ("There is snow on {e} for most of the year.", "Few people have seen {e} without clouds."),
    "person": ("Little else is known about {e}.", "A street is named after {e}."),
    "ship": ("{E} carries salt and stone.", "Old sailors tell stories about {e}."),
    "book": ("Copies of {e} are rare.", "Children know {e} by heart."),
    "festival": ("Nobody sleeps during {e}.", "{E} ends with fireworks."),
}
"""Sentences that say nothing anyone asks about: text has them, and a reader must pass over them."""
