"""The project's Markdown pages, and what can be checked in them: links, anchors, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click

from cli.main import main

ROOT = Path(__file__).resolve().parents[2]
_SKIPPED = frozenset({".venv", ".bursar", "node_modules", ".git", "build", "dist"})
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"`(bursar(?: [^`\n]*)?)`|^(?: {4}|\$ )(bursar .*)$", re.MULTILINE)
_END = re.compile(r" \| | > | && |  #")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Page:
    """One page: its path inside the project, and its text."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """As findings name it."""
        return self.path.relative_to(ROOT).as_posix()

    def links(self) -> Iterator[str]:
        """Targets of links to places inside the project."""
        for target in _LINK.findall(_FENCE.sub("", self.text)):
            if "://" not in target and not target.startswith("mailto:"):
                yield target

    def commands(self) -> Iterator[str]:
        """Each `bursar ...` that the page names, in running text or as a line of code."""
        for inline, line in _COMMAND.findall(self.text):
            yield (inline or line).strip()

    def anchors(self) -> set[str]:
        """What a link can point to in this page."""
        return {anchor(title) for title in _HEADING.findall(_FENCE.sub("", self.text))}


def anchor(title: str) -> str:
    """A heading's anchor, as the usual Markdown viewers make it."""
    return re.sub(r"[^\w\- ]", "", title.lower().replace("`", "")).strip().replace(" ", "-")


@cache
def pages() -> tuple[Page, ...]:
    """Every Markdown page of the project."""
    paths = sorted(path for path in ROOT.rglob("*.md") if not _SKIPPED & set(path.relative_to(ROOT).parts))
    return tuple(Page(path, path.read_text(encoding="utf-8")) for path in paths)


def dead_links(page: Page) -> Iterator[str]:
    """Links of a page that lead nowhere."""
    for target in page.links():
        file, _, fragment = target.partition("#")
        place = (page.path.parent / file).resolve() if file else page.path
        if not place.exists():
            yield f"{page.name}: {target} does not exist"
        elif fragment and fragment not in Page(place, place.read_text(encoding="utf-8")).anchors():
            yield f"{page.name}: {target} has no such heading"


def wrong_command(command: str) -> str | None:
    """What is wrong with a `bursar ...` line: a command or an option that does not exist; None when it is right."""
    words = _words(command)
    group: click.Command = main
    with click.Context(main, info_name="bursar") as context:
        while words:
            word = words.pop(0)
            options = {name for one in group.params for name in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
            if word.startswith("-"):
                if word.partition("=")[0] not in options:
                    return f"{command}: no option {word}"
                if word == "--home" and words:
                    words.pop(0)
            elif isinstance(group, click.Group) and word != "...":
                found = group.get_command(context, word)
                if found is None:
                    return f"{command}: no command {word}"
                group = found
    return None


def _words(command: str) -> list[str]:
    """The words of one command: no comment, nothing behind a pipe, no placeholder's brackets."""
    text = _END.split(command, maxsplit=1)[0].rstrip(",.;:")
    try:
        return shlex.split(text)[1:]
    except ValueError:
        return text.split()[1:]
