"""Arguments that several commands have."""

import argparse


def add_filters(asking: argparse.ArgumentParser) -> None:
    """Which tracks may answer."""
    asking.add_argument("--tags", help="only tracks with these tags, comma-separated")
    asking.add_argument("--genre", action="append", metavar="NAME", help="only tracks of this genre (repeatable: or)")
    asking.add_argument("--year", metavar="YEARS", help="only of these years: 1994, 1990-1999, 1990- or 1990s")
    asking.add_argument("--length", metavar="RANGE", help="only so long: 3:00-5:30, 120- (use --length=-10:00)")
    asking.add_argument("--bpm", metavar="RANGE", help="only of this tempo: 122, 118-126, 120-")
    asking.add_argument("--key", action="append", metavar="KEY", help="only in this key: Am, 8A, 8A±1 (repeatable: or)")
    asking.add_argument("--loudness", metavar="RANGE", help="only so loud, in LUFS (use --loudness=-14..-9)")
    asking.add_argument("--popularity", metavar="RANGE", help="only so well known, from 0 to 100: 20-60, 60-")
    asking.add_argument("--folder", metavar="FOLDER", help="only files in this folder or below")
    asking.add_argument("--source", metavar="SOURCE", help="only tracks of this source, such as file or subsonic")
    asking.add_argument(
        "--not-artist", action="append", metavar="NAME", help="nothing that this artist plays on (repeatable)"
    )


def add_options(ranked: argparse.ArgumentParser) -> None:
    """How many answers, and in which order."""
    ranked.add_argument("-k", type=int, default=10, help="how many results (%(default)s)")
    ranked.add_argument("--max-per-artist", type=int, metavar="N", help="at most N results of one artist")
    ranked.add_argument("--max-per-album", type=int, metavar="N", help="at most N results of one album")
    ranked.add_argument("--fame", type=float, metavar="F", help="-1 hidden gems first … 1 well known first")
    ranked.add_argument("--diversity", type=float, metavar="D", help="0 most similar … 1 most varied")


def add_listening(asking: argparse.ArgumentParser) -> None:
    """How much what people play counts."""
    asking.add_argument(
        "--listening", type=float, metavar="W", help="0 by sound alone … 1 by what the same people play alone"
    )
