"""The shapes of crawls, as they travel over HTTP. See `api.http.contract`."""

from typing import Annotated

from pydantic import BaseModel, Field

from api.http.contract import FROM_ANSWERS


class CrawlStarted(BaseModel):
    """A crawl was accepted."""

    crawl_id: str
    status_url: str
    understood: Annotated[str, Field(description="What the playlist was taken for.")]


class WithheldRemoval(BaseModel):
    """What a crawl was asked to remove and did not remove, because it may not have left the playlist after all."""

    model_config = FROM_ANSWERS
    tracks: int
    doubt: Annotated[
        str,
        Field(
            description="unread: something could not be read; emptied: nothing is left in the playlist or in a "
            "folder of it; folder_gone: a whole folder is not there any more; parted: a cue sheet came or went, "
            "and what was one track is several now, or one again; many: it is a large part."
        ),
    ]
    names: Annotated[list[str], Field(description="What the first few are called. Without a key: none.")]
    may_be_agreed: Annotated[
        bool, Field(description="Whether a crawl with `agreed` of this many removes them. Else nothing does yet.")
    ]


class CrawlAnswer(BaseModel):
    """A crawl."""

    crawl_id: str
    playlist_id: Annotated[
        str | None, Field(description="The playlist that it reads (`/playlists`), once it has begun. Needs the key.")
    ] = None
    playlist: Annotated[
        str,
        Field(
            description="What it was called, without tokens. Who has no key where one is needed sees what kind it is."
        ),
    ]
    started: str
    finished: Annotated[str | None, Field(description="When the last entry of the playlist had been read.")]
    waiting_until: Annotated[str | None, Field(description="A provider asked to wait until then.")]
    error: Annotated[dict[str, str] | None, Field(description="`code`, `message` and `hint` of what ended it early.")]
    removed: Annotated[
        int,
        Field(description="Tracks removed because they had left the playlist (`remove_missing`), or it was forgotten."),
    ]
    withheld: Annotated[
        WithheldRemoval | None, Field(description="Tracks that were not removed without being agreed to.")
    ]
    forgotten: Annotated[str | None, Field(description="Since when it counts no more (DELETE /crawls/{crawl_id}).")]
    cancelled: Annotated[
        str | None, Field(description="Since when nothing more is done for it (POST /crawls/{crawl_id}/cancel).")
    ]
    only_held: Annotated[int, Field(description="Tracks that no other playlist held when it was forgotten.")]


class CrawlList(BaseModel):
    """The newest crawls."""

    crawls: list[CrawlAnswer]


class CrawlCounts(CrawlAnswer):
    """A crawl, and how far it has come."""

    total: Annotated[int, Field(description="Entries read so far.")]
    pending: Annotated[int, Field(description="Entries whose track is still on its way.")]
    done: Annotated[bool, Field(description="The playlist has been read and nothing is pending.")]
    states: Annotated[dict[str, int], Field(description="Entries by state: ready, pending, no_preview, failed, …")]
    reasons: Annotated[dict[str, int], Field(description="Entries by the reason why they are not ready.")]


class CrawlEntryAnswer(BaseModel):
    """An entry of a crawl."""

    model_config = FROM_ANSWERS
    number: Annotated[
        int, Field(description="Its place in the playlist, from 0; in folders in the order of the paths.")
    ]
    name: Annotated[str, Field(description="The path of a file below its folder, else artist and title.")]
    track_id: str | None
    state: Annotated[str, Field(description="ready, pending, no_preview, failed, skipped or missing.")]
    reason: Annotated[str | None, Field(description="Why it is not ready; see docs/errors.md.")]
    detail: Annotated[str, Field(description="What else there is to say: a format, what the system said, a name.")]


class CrawlEntries(BaseModel):
    """Entries of a crawl, in their order."""

    entries: list[CrawlEntryAnswer]
    next: Annotated[
        int | None,
        Field(description="`after` of the next page; null: this was the last. A page may hold few, or none."),
    ]


class CrawlForgotten(BaseModel):
    """A playlist is about to be forgotten."""

    crawl_id: str
    status_url: str
