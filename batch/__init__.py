"""The same work on Apache Spark, at any size: opens a session, hands it to a service's door, and says how it goes."""
