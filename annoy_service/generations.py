"""A change of model: the new model's generation grows beside the one that serves, until it covers the catalogue."""

import logging
from dataclasses import replace

import numpy as np

from annoy_service.directory import Directory
from annoy_service.fold import Builder, Folded, manifest_at, position
from earshot.errors import IndexRace
from earshot.index.manifest import POINTER_KEY, Manifest
from earshot.index.store import Head

_log = logging.getLogger(__name__)


def put_into_service(builder: Builder, *, incomplete: bool = False) -> Folded:
    """Let readers use the builder's generation when it holds every track of the one they use.

    Tracks that the new model could not hear again would keep it waiting for ever: `incomplete` lets a person decide
    that those are to be left out.

    Raises:
        IndexRace: the pointer moved; look again.
    """
    place = position(builder)
    if place.serves or place.head is None:
        return Folded(manifest_at(builder, place))
    serving = builder.store.head()
    new = builder.store.manifest(place.head.pointer)
    if serving is None:
        raise IndexRace("the index that was in service is gone")
    missing = _missing(builder, serving, new)
    if missing and not incomplete:
        _log.info("generation %s lacks %d tracks of the index in service", builder.model.name, missing)
        return Folded(new)
    new = replace(new, previous=serving.pointer.version).named()  # what readers use now stays readable for a day
    builder.store.move(builder.store.put_manifest(new), key=POINTER_KEY, seen=serving.etag)
    builder.store.delete([place.key])
    _log.info("generation %s serves now: %d tracks", builder.model.name, new.tracks)
    return Folded(new, published=True, added=new.tracks)


def _missing(builder: Builder, serving: Head, new: Manifest) -> int:
    old = builder.store.manifest(serving.pointer)
    if new.tracks < old.tracks:
        return old.tracks - new.tracks  # at least; no need to compare their names
    return len(np.setdiff1d(Directory(builder.cache, old).ids(), Directory(builder.cache, new).ids()))
