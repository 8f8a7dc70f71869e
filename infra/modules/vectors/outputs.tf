output "bucket" {
  description = "What EARSHOT_VECTOR_BUCKET names."
  value       = aws_s3vectors_vector_bucket.this.vector_bucket_name
}

output "writer_policy_arn" {
  description = "For whoever runs make vectors."
  value       = aws_iam_policy.writer.arn
}
