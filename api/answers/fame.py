"""How well known tracks are, as a small weight on what orders them; what they sound like stays what it is."""

from earshot.index.rows import IndexedTrack

_MOST = 0.1
"""What the best known gain, and the least known lose: about as much as the tenth result scores below the first."""
_MIDDLE = 50


def gain(track: IndexedTrack, fame: float) -> float:
    """What a track gains in score, -0.1 to 0.1, where `fame` is -1 (hidden gems first) to 1 (well known first).

    Nothing for a track in the middle, and for one of which it is not known.
    """
    if track.popularity is None:
        return 0.0
    return _MOST * fame * (track.popularity - _MIDDLE) / _MIDDLE
