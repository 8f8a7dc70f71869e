"""The co-listening table: who plays this also plays that. Immutable versions in S3, one pointer; written and read here.

Below the prefix `listening/` of the index bucket::

    latest.json                               the pointer: version and manifest, replaced only with If-Match
    trial.json                                the last trial of another version on some of the listeners (`trial`)
    manifests/<version>.json                  what a version is, what it was learned from, how it was judged
    watched/<version>/<time>.json             how it did on what was played since (`listening.watch`); 90 days
    tables/<id>/ids.npy                       (n,) fixed-width ASCII track ids, ascending
    tables/<id>/neighbours.npy                (n, 50) uint32 rows of the tracks played together with a row's
    tables/<id>/weights.npy                   (n, 50) float16, descending, 0 where a row has fewer; a row's sum is 1
    tables/<id>/listeners.npy                 (n, 50) uint8 listeners who played both, 0 where under 3, 255 for more
    tables/<id>/heard.npy                     (n, 2) uint32 plays and distinct listeners of a track

A model of whatever kind is brought into this form (`listening.models`), so that all serve alike and are judged alike.
What a listener played is folded in at query time: the sum of the rows of those tracks.

Laid out by `rows`, described by `manifest`, stored by `store` and `publish`, opened by `reader` as a `table`; versions
that nobody needs are removed by `garbage`.
"""
