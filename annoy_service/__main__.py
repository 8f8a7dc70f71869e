"""`python -m annoy_service divide …`: shards, of an index that one machine shall not serve alone (docs/scaling.md)."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from annoy_service.builder import Builder, make_builder
from annoy_service.sharding import divide
from config.index_tracks import RecipeSettings
from earshot.errors import EarshotError
from earshot.recipes import recipe_named
from earshot.shards import MOST, Shard


def main(words: Sequence[str] | None = None) -> int:
    """Divide; its exit code: 2 where it cannot be done as asked."""
    parser = _parser()
    options = parser.parse_args(words)
    if options.only is not None and options.only >= options.of:
        parser.error(f"of {options.of} shards the last is {options.of - 1}: --only {options.only}")
    numbers = range(options.of) if options.only is None else [options.only]
    try:
        settings = RecipeSettings.load()
        recipe = recipe_named(options.recipe) if options.recipe else settings.kept[0]
        s3 = boto3.client("s3")

        def builder_in(bucket: str) -> Builder:
            return make_builder(s3, bucket, recipe, options.work_dir / bucket, engine=settings.engine)

        whole = builder_in(options.bucket)
        for shard in (Shard(number, options.of) for number in numbers):
            bucket = options.into.format(shard=shard.number)
            made = divide(whole, builder_in(bucket), shard)
            sys.stdout.write(
                f"divide: shard {shard.number} of {shard.of} in {bucket}: version {made.version}, "
                f"{made.tracks} tracks, transform {made.transform.sha256[:16]}\n"
            )
    except EarshotError as error:
        sys.stderr.write(f"divide: {error.message}. {error.hint}".rstrip() + "\n")
        return 2
    except (BotoCoreError, ClientError) as error:
        sys.stderr.write(
            f"divide: {options.bucket} into {options.into}: {error}. The buckets must be there, and yours.\n"
        )
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m annoy_service", description="Work on an index by hand.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    verb = verbs.add_parser("divide", help="make the indexes of shards out of one index")
    verb.add_argument("--bucket", required=True, help="of the index that is divided")
    verb.add_argument("--of", type=_number(1, MOST), required=True, help="how many shards there will be")
    verb.add_argument("--into", type=_template, required=True, help="their buckets: big-{shard}")
    verb.add_argument("--only", type=_number(0, MOST - 1), help="the shard of this number alone (default: one by one)")
    verb.add_argument("--recipe", help="default: the leading one of EARSHOT_RECIPES")
    verb.add_argument("--work-dir", type=Path, default=Path("/tmp/earshot-divide"), help="default: %(default)s")  # noqa: S108
    return parser


def _number(least: int, most: int) -> Callable[[str], int]:
    def parsed(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
        return int(text)

    return parsed


def _template(text: str) -> str:
    if "{shard}" not in text or text.replace("{shard}", "").strip("abcdefghijklmnopqrstuvwxyz0123456789.-"):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of buckets with {{shard}} in it")
    return text


if __name__ == "__main__":
    sys.exit(main())
