"""The index: immutable segments and manifests in S3, one pointer to the version that serves; written and read here.

::

    latest.json                          the pointer: version and manifest, replaced only with If-Match
    generations/<recipe>.json            pointers to versions by other recipes, kept beside the one that serves
    manifests/<version>.json             what a version consists of, with sizes and hashes
    transforms/<sha256>.npz              the catalogue transform that turned embeddings into index vectors
    segments/<id>/raw.npy                (n, 2, raw_dim) float16: embedding and drift          the builder's
    segments/<id>/fingerprints.npy       (n,) uint64 of everything known of a row              the builder's
    segments/<id>/ids.npy                (n,) fixed-width ASCII track ids, ascending           everybody's
    segments/<id>/vectors.npy            (n, dim) float16 unit vectors                         the reader's
    segments/<id>/tracks.bin             one deflated JSON line per row                        the reader's
    segments/<id>/offsets.npy            (n + 1,) uint64 byte offsets into the above           the reader's
    segments/<id>/shelf-3.bin            the rows by words, tags, sources and titles           the reader's
    segments/<id>/descriptors-1.bin      tempo, key, loudness of the rows, where any are known  the reader's
    segments/<id>/popularity-1.bin       how well known the rows are, where it is known of any  the reader's
    segments/<id>/map.npy                (n, 2) float32 positions, base segments only          the page's
    segments/<id>/annoy.ann              and the like: what the segment's engine keeps         the reader's

The rows of a segment are in the order of their track ids: a lookup is a binary search, and no other id map exists.

Written by `write` (and `shelving`) from `row_sources`, described by `manifest` and `formats`, named by `pointer`,
stored by `store`; opened by `reader` as `segment`s, each searched by its engine (`engines`) and its `shelf`, together
by `searcher`.
"""
