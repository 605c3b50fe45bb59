"""The form that leads to a comparison."""

from dataclasses import dataclass, field

from apps.comparisons.models import MAX_TOOLS
from apps.tools.models import Tool
from apps.tools.selectors import search_tools

MAX_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class CompareRow:
    """A field of the form: what was typed in it, and what is wrong with that."""

    number: int
    text: str = ""
    problem: str = ""


@dataclass(slots=True)
class CompareForm:
    """Up to four fields of one name, each with a tool's name or slug.

    `tools` are the different tools found, once `is_valid()` was true.
    """

    texts: list[str] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    problem: str = ""
    problems: dict[int, str] = field(default_factory=dict)

    @property
    def is_asked(self) -> bool:
        return any(text.strip() for text in self.texts)

    def is_valid(self) -> bool:
        given = [(at, text.strip()[:MAX_CHARACTERS]) for at, text in enumerate(self.texts) if text.strip()]
        if len(given) > MAX_TOOLS:
            self.problem = f"Name at most {MAX_TOOLS} tools."
            return False
        found: dict[int, Tool] = {}
        for at, text in given:
            matches = search_tools(text, limit=1)
            if matches:
                found[matches[0].pk] = matches[0]
            else:
                self.problems[at] = f"We know no tool “{text}”. Check the spelling, or leave the field empty."
        self.tools = list(found.values())
        if self.is_asked and not self.problems and len(self.tools) < 2:
            self.problem = "Name at least two different tools."
        return self.is_asked and not self.problems and not self.problem

    @property
    def rows(self) -> list[CompareRow]:
        texts = [*self.texts, *[""] * MAX_TOOLS][:MAX_TOOLS]
        return [
            CompareRow(at + 1, text[:MAX_CHARACTERS], self.problems.get(at, ""))
            for at, text in enumerate(texts)
        ]
