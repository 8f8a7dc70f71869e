"""What the same work costs on Spark."""
