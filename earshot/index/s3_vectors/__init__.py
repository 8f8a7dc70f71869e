"""An index version that Amazon S3 Vectors searches, instead of files on this machine (docs/adr/0038).

`annoy_service.vector_copy` copies the version that serves there and keeps the copy up to date; `record` says which
index holds which version, `reader` follows it, `searcher` asks; `service` is what AWS offers.
"""
