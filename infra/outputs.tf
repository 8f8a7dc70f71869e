output "parameters" {
  description = "Names of the SSM parameters that serverless.yml reads."
  value       = { for key, parameter in aws_ssm_parameter.contract : key => parameter.name }
}

output "alarm_names" {
  description = "Name of every alarm made here; docs/operations.md has an entry for each."
  value       = module.observability.alarm_names
}

output "buckets" {
  description = "Names of the buckets."
  value       = { previews = module.previews_bucket.name, index = module.index_bucket.name, plays = module.plays_bucket.name }
}

output "edge_url" {
  description = "Where the API is reached through CloudFront, if edge_origin is set."
  value       = one(module.edge[*].url)
}

output "pipeline_arn" {
  description = "The state machine of the pipeline, for `aws stepfunctions start-execution`."
  value       = aws_sfn_state_machine.pipeline.arn
}

output "service_host" {
  description = "Host of the load balancer before the API's containers, if service is set."
  value       = one(module.service[*].host)
}

output "batch_repository" {
  description = "Where the image of jobs in bulk is pushed to, if batch is set."
  value       = one(module.batch[*].repository_url)
}

output "vector_bucket" {
  description = "What EARSHOT_VECTOR_BUCKET is to name, if vectors is set."
  value       = one(module.vectors[*].bucket)
}

output "vector_writer_policy" {
  description = "For whoever runs make vectors, if vectors is set."
  value       = one(module.vectors[*].writer_policy_arn)
}
