"""Lambda's filter language for event sources, as far as serverless.yml uses it.

A pattern is an object whose leaves are lists of rules; an event matches when every leaf does, and a leaf does when
one of its rules does. Unknown rules are refused when the file is read, not when an event arrives.
"""

from collections.abc import Mapping

from earshot.errors import InvalidSettings

Pattern = Mapping[str, object]
"""One that `checked` has accepted."""

_RULES = ("exists", "prefix", "anything-but")


def checked(pattern: object, where: str) -> Pattern:
    """The pattern, in which `matches` knows everything.

    Raises:
        InvalidSettings: it does not; names the place and the rule.
    """
    if not isinstance(pattern, Mapping) or not pattern:
        raise InvalidSettings(f"{where}: a filter pattern is an object with at least one key, not {pattern!r}")
    for key, value in pattern.items():
        if isinstance(value, Mapping):
            checked(value, f"{where}.{key}")
        elif not isinstance(value, list) or not value:
            raise InvalidSettings(f"{where}.{key}: a filter rule is a list with at least one entry, not {value!r}")
        else:
            for rule in value:
                _check_rule(rule, f"{where}.{key}")
    return pattern


def _check_rule(rule: object, where: str) -> None:
    if isinstance(rule, Mapping):
        if len(rule) != 1 or next(iter(rule)) not in _RULES:
            raise InvalidSettings(
                f"{where}: the local event loop does not know the filter rule {dict(rule)!r}",
                hint=f"It knows literal values and {', '.join(_RULES)}; add the rule to local/filters.py with a test.",
            )
    elif isinstance(rule, list):
        raise InvalidSettings(f"{where}: a filter rule is a value or an object, not the list {rule!r}")


def matches(pattern: Pattern, event: object) -> bool:
    """Whether `event` (a parsed record) passes `pattern`."""
    for key, rules in pattern.items():
        there = isinstance(event, Mapping) and key in event
        value = event[key] if isinstance(event, Mapping) and there else None
        if isinstance(rules, Mapping):
            if not matches(rules, value):
                return False
        elif isinstance(rules, list) and not any(_rule_matches(rule, there, value) for rule in rules):
            return False
    return True


def _rule_matches(rule: object, there: bool, value: object) -> bool:
    if not isinstance(rule, Mapping):
        return there and type(rule) is type(value) and bool(rule == value)
    kind, argument = next(iter(rule.items()))
    if kind == "exists":
        # As in Lambda, only leaves "exist": an object at this place does not.
        return (there and not isinstance(value, Mapping)) is bool(argument)
    if kind == "prefix":
        return isinstance(value, str) and value.startswith(argument)
    excluded = argument if isinstance(argument, list) else [argument]
    return there and value not in excluded
