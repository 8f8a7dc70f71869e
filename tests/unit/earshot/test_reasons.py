import json
import re
from pathlib import Path

from earshot.errors import AudioRejected, ForbiddenUrl, ProviderRefused, ProviderThrottled, ProviderUnavailable
from earshot.reasons import Reason

_ROOT = Path(__file__).parents[3]
_GIVERS = ("earshot", "crawler", "extractor", "api")


def test_docs_explain_exactly_the_reasons_there_are() -> None:
    """A summary that nobody can read is no summary."""
    tables = (_ROOT / "docs" / "errors.md").read_text(encoding="utf-8").partition("\n## Reasons\n")[2]
    rows = re.findall(r"^\| (`.*?`) \|", tables, re.MULTILINE)
    explained = [reason for row in rows for reason in re.findall(r"\w+", row)]
    assert sorted(explained) == sorted(Reason)


def test_every_reason_is_given_somewhere_or_is_the_code_of_what_a_download_raises() -> None:
    code = "".join(path.read_text(encoding="utf-8") for room in _GIVERS for path in (_ROOT / room).rglob("*.py"))
    raised = (AudioRejected, ForbiddenUrl, ProviderRefused, ProviderThrottled, ProviderUnavailable)
    given = {*re.findall(r"\bReason\.([A-Z_]+)\b", code), *(error.code.upper() for error in raised)}
    assert given == {reason.name for reason in Reason}


def test_a_reason_this_code_does_not_know_stays_what_it_says() -> None:
    """Tables are older and newer than the code that reads them."""
    reason = Reason("of_another_day")
    assert reason == "of_another_day"
    assert json.dumps({reason: reason}) == '{"of_another_day": "of_another_day"}'
    assert reason not in list(Reason)
    assert not reason.is_worth_retrying


def test_what_was_out_of_reach_is_worth_another_try_and_a_silent_file_is_not() -> None:
    assert Reason.UNAVAILABLE.is_worth_retrying
    assert not Reason.SILENT.is_worth_retrying
