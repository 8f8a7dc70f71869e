"""Which track somebody means: by its id, URI or URL, or by words of its title and artist."""

import sys

from earshot.api_answers import FoundJson, SearchJson, SeedJson
from earshot.api_client import ApiClient
from earshot.errors import InvalidTrackId
from earshot.ids import parse_track_id

_LOOKED_AT = 10


def track_named(client: ApiClient, text: str) -> str:
    """What the API takes for the track that `text` names. Of several that words name the first is taken, and said so.

    Raises:
        InvalidTrackId: it is no id, and no track of the catalogue is called so.
    """
    try:
        return parse_track_id(text)
    except InvalidTrackId:
        found: SearchJson = client.get("/search", text=text, limit=_LOOKED_AT).checked()
    if not found["results"]:
        raise InvalidTrackId(
            f"no track id, and nothing in the catalogue is called so: {text[:80]!r}",
            hint="`earshot tracks WORD …` searches titles, artists and albums by the beginnings of their words.",
        )
    taken = found["results"][0]
    others = found["total"] - 1
    more = f"; {others} more are called so: earshot tracks {text}" if others else ""
    sys.stderr.write("".join(c if c.isprintable() else " " for c in f"taking {title_of(taken)}{more}") + "\n")
    return str(taken["track_id"])


def title_of(track: FoundJson | SeedJson) -> str:
    """Title and artists, for people."""
    title = track["title"] or track["track_id"]
    return f"{title} ({', '.join(track['artists'])})" if track["artists"] else str(title)
