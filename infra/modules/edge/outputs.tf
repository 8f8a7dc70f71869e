output "url" {
  description = "Where the API is reached through CloudFront."
  value       = "https://${aws_cloudfront_distribution.this.domain_name}"
}
