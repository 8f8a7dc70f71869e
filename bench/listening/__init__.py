"""What listening costs and finds."""
