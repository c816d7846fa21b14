"""Plain data to YAML that reads back as it was, under the rules of :mod:`scalars`."""

from __future__ import annotations

import yaml

from nni_core.config.scalars import NumberTooLongError, resolve_plain
from nni_core.model import Json


def yaml_of(data: Json) -> str:
    """A YAML document in block style, keys in the order given."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    """PyYAML's own rules are those of YAML 1.1, for which ``1e-4`` is text that needs no quotes."""

    def ignore_aliases(self, data: Json) -> bool:
        """Values that occur twice are written twice."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Items of a list are indented under their key."""
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _is_text(text) else "'")


def _is_text(word: str) -> bool:
    try:
        return resolve_plain(word) == word
    except NumberTooLongError:
        return False


_Dumper.add_representer(str, _text)
