"""Verbs for any stage that runs, on this machine or in the cloud: crawl, extract, status, repair, export."""
