"""Export a whole catalogue to one file, and import it, here or elsewhere: `python -m scripts.catalogue --help`.

An import writes only what the table lacks or holds in an older state: it may be repeated, may run beside a crawl, and
may merge catalogues. The table's stream then carries the tracks into the index.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from earshot.errors import EarshotError
from earshot.tracks_table import Item
from scripts import catalogue_file
from scripts.stages import deployment_of

_WRITERS = 8
_AT_ONCE = 800
_OLDER = "attribute_not_exists(embedding) OR attribute_not_exists(preview_at) OR preview_at < :preview_at"


@dataclass(frozen=True, slots=True)
class Imported:
    """Tracks written, and tracks of which the table knew as much or more."""

    written: int
    kept: int


def scan(client: Any, table: str) -> Iterator[Item]:
    """Every item of the table as it is on the wire, strongly consistent."""
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def load(client: Any, table: str, path: Path) -> Imported:
    """Write the tracks of a catalogue file that the table lacks or has in an older state.

    Raises:
        DamagedCatalogueFile: before anything is written.
    """
    catalogue_file.verify(path)
    written = kept = 0
    items = catalogue_file.read(path)
    with ThreadPoolExecutor(_WRITERS) as writers:
        while batch := list(islice(items, _AT_ONCE)):
            results = list(writers.map(lambda item: _put(client, table, item), batch))
            written += sum(results)
            kept += len(results) - sum(results)
    return Imported(written, kept)


def _put(client: Any, table: str, item: Item) -> bool:
    request: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(track_id)"}
    if "embedding" in item and "preview_at" in item:
        request["ConditionExpression"] += f" OR {_OLDER}"
        request["ExpressionAttributeValues"] = {":preview_at": item["preview_at"]}
    try:
        client.put_item(TableName=table, Item=item, **request)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def main() -> int:
    """Run `export` or `import`."""
    parser = argparse.ArgumentParser(description="Export a whole catalogue to one file, or import one.")
    parser.add_argument("verb", choices=("export", "import"))
    parser.add_argument("--stage", default="local")
    parser.add_argument("file", type=Path)
    wanted = parser.parse_args()
    try:
        deployment = deployment_of(wanted.stage)
        client, table = deployment.session.client("dynamodb"), deployment.parameters["tracks-table"]
        if wanted.verb == "export":
            summary = catalogue_file.write(wanted.file, scan(client, table))
            print(f"{summary.tracks} tracks of stage {wanted.stage} are in {wanted.file}")
        else:
            imported = load(client, table, wanted.file)
            print(f"{imported.written} tracks written, {imported.kept} were there already; the index follows by itself")
    except (EarshotError, OSError) as error:
        print(f"error: {error}\n{getattr(error, 'hint', '')}".rstrip(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
