"""One small settings class per function. Each is checked at start and explained in the .env example of its service."""
