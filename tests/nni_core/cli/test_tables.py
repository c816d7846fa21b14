"""Tables show text of others and do not obey it."""

from __future__ import annotations

import pytest

from nni_core.cli.tables import print_table


def test_control_characters_reach_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A trial's last words are data."""
    print_table(["message"], [{"message": "a\x1b[2Jb\nc\u202e"}], empty="")
    shown = capsys.readouterr().out
    assert "a [2Jb c" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
