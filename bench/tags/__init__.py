"""Which tags are said: fitted on music whose style is stated, and judged on it."""
