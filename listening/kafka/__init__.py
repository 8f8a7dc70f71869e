"""Apache Kafka as another way in for plays: `python -m listening.kafka` for a broker of one's own.

`messages` says what a message must look like. On AWS an event source hands messages to the function `record_plays`;
what becomes of the plays is the same.
"""
