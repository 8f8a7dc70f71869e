"""The verbs that show how tracks fare in a stage that runs: crawl, extract, similar, status."""

import sys
import time
from collections import Counter
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from earshot.api_answers import FoundJson, HealthJson, SimilarJson, TrackJson
from earshot.api_client import ApiClient
from earshot.crawl_words import said_of_withheld
from earshot.crawls import Withheld
from earshot.entries import told
from earshot.errors import ApiRefused
from earshot.ids import CrawlId, parse_track_id
from earshot.intake import start_crawl
from earshot.playlists import PlaylistRef, parse_playlist, playlist_from_command_line
from earshot.track import Status
from ops.connection import Connection
from ops.deployment import Deployment
from ops.following import Follower, Standing
from ops.given_up import reopen_given_up, states
from ops.progress import Display, console
from ops.queue_table import queue_table
from ops.terminal import Say

_MAX_REASONS = 12
_MAX_TAGS = 3
_NAMED = 10
"""So many entries that were not heard are named."""


def crawl(connection: Connection, playlists: Sequence[str], say: Say, *, remove_missing: int | None = None) -> int:
    """Crawl `playlists` one after the other, each until its tracks have settled. 0 when all gave tracks.

    `remove_missing`: so many that seem to have left are removed although that is doubtful; None: nothing is removed.
    """
    understood = [parse_playlist(playlist_from_command_line(playlist)) for playlist in playlists]
    codes = []
    for playlist in understood:
        say(f"crawling {playlist}")
        codes.append(_crawl(connection, playlist, say, remove_missing=remove_missing))
    return max(codes)


def _crawl(connection: Connection, playlist: PlaylistRef, say: Say, *, remove_missing: int | None) -> int:
    deployment = connection.deployment
    removes = remove_missing is not None
    crawl_id = start_crawl(
        playlist,
        crawls=deployment.crawls,
        crawl_queue=deployment.crawl_queue,
        remove_missing=removes,
        agreed=remove_missing or 0,
    )
    try:
        with Display("crawl") as display:
            standing, progress = Follower(deployment, connection.api).crawl(crawl_id, display.show)
    except KeyboardInterrupt:
        say(f"The crawl goes on without you ({crawl_id}).")
        return 130
    if error := progress.summary.error:
        if standing.total:
            say(summary(standing))
        say(f"The playlist could not be read to its end: {error['message']}\n{error['hint']}".rstrip())
        return 1
    say(summary(standing))
    _say_what_was_not_heard(deployment, crawl_id, say)
    if (withheld := progress.summary.withheld) and _is_agreed(withheld, say):
        return _crawl(connection, playlist, say, remove_missing=withheld.tracks)
    if removed := progress.summary.removed:
        say(f"{removed} that had left the playlist were removed")
    got_something = standing.searchable or standing.ready or standing.states[Status.PENDING]
    return 1 if standing.stuck or not got_something else 0


def _say_what_was_not_heard(deployment: Deployment, crawl_id: CrawlId, say: Say) -> None:
    page = told(
        crawl_id,
        lambda entry: entry.is_unheard,
        crawls=deployment.crawls,
        tracks=deployment.tracks,
        after=None,
        limit=_NAMED + 1,
    )
    for entry in page.entries[:_NAMED]:
        reason = (entry.reason or entry.state).replace("_", " ")
        say(f"  not heard: {entry.name} ({': '.join(filter(None, (reason, entry.detail)))})")
    if len(page.entries) > _NAMED or page.next is not None:
        say(f"  all that was not heard: earshot failed {crawl_id}")


def _is_agreed(withheld: Withheld, say: Say) -> bool:
    """Say what a crawl did not remove, and ask, where somebody is there to answer."""
    say(said_of_withheld(withheld.tracks, withheld.doubt, withheld.names))
    if not withheld.may_be_agreed:
        return False
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        say(f"Remove them: REMOVE_MISSING={withheld.tracks}, or =all for whatever it is")
        return False
    return input("Remove them? [y/N] ").strip().lower() in ("y", "yes")


def extract(connection: Connection, say: Say) -> int:
    """Re-drive every track that still awaits its embedding, and wait for them."""
    deployment = connection.deployment
    reopen_given_up(deployment.tracks)
    given_back = deployment.reconcile.at_once().give_back_tracks()
    track_ids = [*given_back.to_extract, *given_back.to_fetch]
    if not track_ids:
        say("every track has its embedding, or a reason why it cannot have one")
        return 0
    previews, tracks = len(given_back.to_extract), len(given_back.to_fetch)
    say(f"{previews} previews wait for the extractor, {tracks} tracks for a preview")
    started = time.monotonic()
    try:
        with Display("extract") as display:
            standing = Follower(deployment, connection.api).tracks(track_ids, display.show)
    except KeyboardInterrupt:
        say("The extraction goes on without you.")
        return 130
    seconds = time.monotonic() - started
    say(f"{summary(standing)}\n{standing.settled / seconds:.1f} tracks per second, {seconds:.1f} s in all")
    return 1 if standing.stuck else 0


def summary(standing: Standing) -> str:
    """What became of the tracks: by state, then by reason."""
    if standing.done and not standing.total:
        return "There is nothing in it that can be crawled."
    lines = [f"{standing.searchable} of {standing.total} are searchable"]
    others: Counter[str] = standing.reasons
    lines += [f"  {count:6d}  {reason}" for reason, count in others.most_common(_MAX_REASONS)]
    if len(others) > _MAX_REASONS:
        lines.append(f"          and {len(others) - _MAX_REASONS} more reasons")
    if standing.stuck and standing.reading:
        lines.append("Nothing has moved for a minute, and the playlist has not been read: see crawl_playlist.log.")
    elif standing.stuck:
        lines.append(
            f"Nothing has moved for a minute, and {standing.total - standing.settled} have not settled. The functions' "
            "logs say more; `make extract` gives them another try."
        )
    return "\n".join(lines)


def similar(connection: Connection, track: str, k: int) -> int:
    """Print the neighbours of `track`."""
    track_id = parse_track_id(track)
    found: SimilarJson = connection.api.get("/similar", track_id=track_id, k=k).checked()
    known = connection.api.track(track_id)
    console().print(neighbours_table(found, name_of(known) if known else track_id))
    return 0


def status(connection: Connection, say: Say) -> None:
    """Print the index version, the tracks by state and the messages on their way."""
    say(f"index: {_index(connection.api)}")
    counts = Counter(
        f"{status} ({reason})" if reason else status for _, status, reason in states(connection.deployment.tracks)
    )
    say("tracks: " + (", ".join(f"{count} {state}" for state, count in counts.most_common()) or "none"))
    queues = {name: connection.deployment.waiting(name) for name in queue_table().work}
    say("queues: " + ", ".join(f"{count} in {name}" for name, count in queues.items()))


def _index(api: ApiClient) -> str:
    try:
        health: HealthJson = api.get("/health").checked()
    except ApiRefused as refused:
        return refused.message
    index = health["index"]
    return f"version {index['version']}, {index['tracks']} tracks" if index else "nothing yet"


def neighbours_table(found: SimilarJson, title: str) -> Table:
    """The answer of `GET /similar` as a table."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("similarity", justify="right")
    table.add_column("artist – title", overflow="fold")
    table.add_column("shared tags", overflow="fold")
    table.add_column("id", no_wrap=True)
    for row in found["results"]:
        tags = ", ".join(tag["name"] for tag in row["shared_tags"][:_MAX_TAGS])
        similarity = "" if row["similarity"] is None else f"{row['similarity']:.3f}"
        table.add_row(similarity, name_of(row), tags, row["track_id"])
    return table


def name_of(track: TrackJson | FoundJson) -> str:
    """Artists and title, as far as they are known."""
    return " – ".join(filter(None, (", ".join(track["artists"]), track["title"]))) or track["track_id"]
