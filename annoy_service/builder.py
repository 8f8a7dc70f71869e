"""What builds a recipe's index: the bucket, and a folder on this machine that nobody else uses."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from annoy_service.choice import BY_MEASUREMENT, engines_to_try
from annoy_service.policy import Policy, policy_of
from earshot.index.cache import SegmentCache
from earshot.index.engines.engine import Engine
from earshot.index.store import IndexStore
from earshot.recipes import Recipe

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Builder:
    """What building needs: the bucket, local copies of segments, the recipe, room for files, thresholds.

    `leads`: whether its index is the one that serves where none does yet. `engines`: those that a base may be searched
    by.
    """

    store: IndexStore
    cache: SegmentCache
    recipe: Recipe
    work_dir: Path
    policy: Policy = field(default_factory=Policy)
    leads: bool = True
    engines: Sequence[Engine] = BY_MEASUREMENT


def make_builder(
    s3_client: "S3Client",
    bucket: str,
    recipe: Recipe,
    work_dir: Path,
    *,
    policy: Policy | None = None,
    leads: bool = True,
    engine: str = "",
) -> Builder:
    """A builder of the index in `bucket` that keeps its files below `work_dir`. `engine`: see `engines_to_try`."""
    folder = _claim(work_dir / quote(recipe.name, safe=""))
    store = IndexStore(s3_client, bucket)
    return Builder(
        store,
        SegmentCache(store, folder),
        recipe,
        folder,
        policy or policy_of(recipe.network),
        leads,
        engines_to_try(engine),
    )


def _claim(folder: Path) -> Path:
    """A folder below `folder` that no other builder uses, for as long as this process lives.

    On Lambda each has a disk of its own; on one machine two compactions may run at a time. What a process that was
    killed had half written is removed: at a million tracks gigabytes each time.
    """
    for number in count():
        place = folder / str(number)
        place.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(place / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # dies with the process, however that ends
        except BlockingIOError:
            os.close(descriptor)
        else:
            for left in place.glob(f"{tempfile.gettempprefix()}*"):
                shutil.rmtree(left, ignore_errors=True)
            return place
    raise AssertionError("count() does not end")
