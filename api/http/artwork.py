"""Where answers say that the cover of a track is."""

from earshot.track import TrackInfo


def artwork_of(track: TrackInfo) -> str | None:
    """Where the cover of a track is: here, as a path of this API, else where its provider has it."""
    return f"/covers/{track.own_cover}" if track.own_cover else track.artwork_url
