"""The routes, one module per topic. Each parses, calls one function and returns a contract shape."""
