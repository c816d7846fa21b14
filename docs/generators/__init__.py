"""Reference pages that are made from the code, so that they cannot disagree with it. One module a page."""

from __future__ import annotations

from collections.abc import Mapping

from generators.commands import commands_page
from generators.endpoints import endpoints_page
from generators.explanations import explanations_page
from generators.offers import offers_page
from generators.settings import settings_page
from generators.space_types import space_types_page

__all__ = ["generated_pages"]


def generated_pages() -> Mapping[str, str]:
    """File name and Markdown text of every page under ``reference/generated/``."""
    return {
        "commands.md": commands_page(),
        "endpoints.md": endpoints_page(),
        "explanations.md": explanations_page(),
        "offers.md": offers_page(),
        "settings.md": settings_page(),
        "space_types.md": space_types_page(),
    }
