"""Reading objects out of a file so that nothing in them goes unnoticed."""

from typing import TypeVar, overload

from earshot.errors import InvalidSettings

T = TypeVar("T")
D = TypeVar("D")


class Keys:
    """The keys of one object, each taken once; what is left over at the end is unknown.

    Args:
        body: what stands in the file.
        where: named in errors.

    Raises:
        InvalidSettings: `body` is no object.
    """

    def __init__(self, body: object, where: str) -> None:
        if not isinstance(body, dict):
            raise InvalidSettings(f"{where}: expected an object, found {body!r}")
        self.left: dict[str, object] = dict(body)
        self.where = where

    @overload
    def take(self, key: str, kind: type[T], /) -> T: ...
    @overload
    def take(self, key: str, kind: type[T], default: D, /) -> T | D: ...
    def take(self, key: str, kind: type[T], /, *default: D) -> T | D:
        """The value of `key`, which must be a `kind`.

        Raises:
            InvalidSettings: it is missing and has no default, or is something else.
        """
        if key not in self.left:
            if not default:
                raise InvalidSettings(f"{self.where}: {key} is missing")
            return default[0]
        value = self.left.pop(key)
        wrong_bool = kind is int and isinstance(value, bool)
        if not isinstance(value, kind) or wrong_bool:
            raise InvalidSettings(f"{self.where}.{key}: expected {kind.__name__}, found {value!r}")
        return value

    def finish(self) -> None:
        """Refuse what has not been taken.

        Raises:
            InvalidSettings: names the keys.
        """
        if self.left:
            raise InvalidSettings(
                f"{self.where}: the local stack does not know {', '.join(sorted(map(str, self.left)))}",
                hint="Teach local/ what it means, or list it in local/serverless.py as needed by a deployment only.",
            )
