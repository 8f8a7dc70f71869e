"""The engines there are."""

from collections.abc import Mapping
from types import MappingProxyType

from earshot.errors import DamagedIndex
from earshot.index.engines.annoy import ANNOY
from earshot.index.engines.engine import Engine
from earshot.index.engines.exact import EXACT
from earshot.index.engines.hnsw import HNSW
from earshot.index.engines.ivf_rabitq import IVF_RABITQ

_ALL: tuple[Engine, ...] = (EXACT, ANNOY, IVF_RABITQ, HNSW)
ENGINES: Mapping[str, Engine] = MappingProxyType({engine.name: engine for engine in _ALL})


def engine_named(name: str) -> Engine:
    """The engine that a manifest names.

    Raises:
        DamagedIndex: this code knows no such engine.
    """
    if name not in ENGINES:
        raise DamagedIndex(
            f"a segment is to be searched by the engine {name!r}, which is none of {', '.join(ENGINES)}",
            hint="Deploy the version of Earshot that wrote the index, or rebuild it: make repair.",
        )
    return ENGINES[name]
