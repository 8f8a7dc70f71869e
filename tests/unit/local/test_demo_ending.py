"""How the demo ends: never by waiting for somebody who is not there."""

import pytest

from demo.page import Ending

_DESK = {"DISPLAY": ":0"}


@pytest.mark.parametrize(
    ("terminal", "environ", "keep", "may_open", "ends"),
    [
        (True, _DESK, False, True, Ending(keeps_on=True, opens=True)),
        (True, _DESK, False, False, Ending(keeps_on=True, opens=False)),
        (True, {}, False, True, Ending(keeps_on=True, opens=False)),
        (True, {**_DESK, "CI": "true"}, False, True, Ending(keeps_on=False, opens=False)),
        (False, _DESK, False, True, Ending(keeps_on=False, opens=False)),
        (False, _DESK, True, True, Ending(keeps_on=True, opens=False)),
    ],
    ids=["at a desk", "without a browser", "over ssh", "in CI", "in a script", "in a script that asks for it"],
)
def test_who_sits_at_a_terminal_gets_the_page_and_a_script_gets_an_end(
    *,
    terminal: bool,
    environ: dict[str, str],
    keep: bool,
    may_open: bool,
    ends: Ending,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert Ending.of(keep=keep, may_open=may_open, is_terminal=terminal, environ=environ) == ends
