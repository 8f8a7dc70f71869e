"""Invented people with a known taste, who play through the real API: does the recommender find what it was never told?

`python -m simulator` (`make simulate`). People, plays, truth and figures are pure (`catalogue`, `people`, `sessions`,
`judging`); `asking` alone talks to the API.
"""
