"""The HTTP side of the answers: routes, validation, documents, errors, caching."""
