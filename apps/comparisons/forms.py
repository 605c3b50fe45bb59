"""The form that leads to a comparison."""

from dataclasses import dataclass, field

from apps.comparisons.models import MAX_TOOLS
from apps.tools.models import Tool
from apps.tools.selectors import search_tools

MAX_CHARACTERS = 60


@dataclass(slots=True)
class CompareForm:
    """Names or slugs of two to four tools, as people type them: one to a field, or several with commas.

    `tools` are the different tools found, once `is_valid()` was true; `problem` says what is wrong otherwise.
    """

    texts: list[str] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    problem: str = ""

    @property
    def names(self) -> list[str]:
        return [
            name.strip()[:MAX_CHARACTERS] for text in self.texts for name in text.split(",") if name.strip()
        ]

    @property
    def text(self) -> str:
        """What was typed, for the field to show again."""
        return ", ".join(self.names)

    def is_valid(self) -> bool:
        if not self.names:
            return False
        if len(self.names) > MAX_TOOLS:
            self.problem = f"Name at most {MAX_TOOLS} tools, not {len(self.names)}."
            return False
        found = {name: search_tools(name, limit=1) for name in self.names}
        unknown = [f"“{name}”" for name, tools in found.items() if not tools]
        self.tools = list({tools[0].pk: tools[0] for tools in found.values() if tools}.values())
        if unknown:
            self.problem = f"We know no tool called {' or '.join(unknown)}. Check the spelling."
        elif len(self.tools) < 2:
            self.problem = "Name at least two different tools."
        return not self.problem
