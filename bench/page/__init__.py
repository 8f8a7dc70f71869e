"""What the page costs a phone."""
