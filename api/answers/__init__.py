"""From what is asked to what is answered, without a word of HTTP."""
