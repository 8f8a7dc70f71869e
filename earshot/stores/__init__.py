"""What AWS keeps, one file per thing: tables, buckets, queues."""
