"""What a batch of the builder makes S3 do, which is what indexing costs."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from scripts import cost
from tests.calls import counted_calls

from .conftest import World


def test_the_price_list_knows_what_a_batch_of_the_builder_stores_and_reads(
    world: World, music: Callable[..., np.ndarray[Any, Any]]
) -> None:
    ids = [f"file:{number:016x}" for number in range(200)]
    for track_id, raw in zip(ids, music(200), strict=True):
        world.put(track_id, raw)
    world.wake(*ids[:180])
    world.wake(*ids[180:190])
    with counted_calls() as calls:
        world.wake(*ids[190:])
    made = Counter(call.name for call in calls if call.service == "s3")
    assert made == {"PutObject": cost.INDEX_BATCH_PUTS, "GetObject": cost.INDEX_BATCH_GETS}
