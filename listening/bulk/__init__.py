"""What learning does in the workers of Spark: the models of `listening.models` over batches of Arrow, part by part."""
