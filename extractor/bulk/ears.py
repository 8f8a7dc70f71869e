"""What a worker hears with, from task to task: a network, a decoding process, a thread that reads ahead."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from extractor.audio.decoder import Decoder
from extractor.networks.loading import load_network
from extractor.networks.network import Network

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Ears:
    """A network and a decoder of its rate."""

    network: Network
    decoder: Decoder
    thread: ThreadPoolExecutor

    def ahead(self, make: Callable[[_Item], _Made], items: Iterable[_Item]) -> Iterator[_Made]:
        """What `make` makes of each item, in order; the next is made while the caller works on the one it has."""
        upcoming: deque[Future[_Made]] = deque()
        for item in items:
            upcoming.append(self.thread.submit(make, item))
            if len(upcoming) > 1:
                yield upcoming.popleft().result()
        while upcoming:
            yield upcoming.popleft().result()


@lru_cache(maxsize=1)
def ears(model: str, model_dir: Path, decode_timeout_s: float) -> Ears:
    """Those of this process. Their decoder ends with it.

    Raises:
        InvalidSettings: there is no such network, or its files are missing or damaged.
    """
    network = load_network(model, model_dir)
    return Ears(network, Decoder(network.rate, network.min_seconds, decode_timeout_s), ThreadPoolExecutor(1, "ahead"))
