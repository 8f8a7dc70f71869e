# The only contract with serverless.yml: one SSM parameter per name, /earshot/<stage>/<key>.

locals {
  # Read by functions when they start, not by serverless.yml: a secret has no place in a template.
  secrets = [
    "spotify_client_secret", "spotify_refresh_token", "listenbrainz_token", "lastfm_api_key", "genius_token",
  ]

  # Of every queue the address for those who send, and the name for those who are woken by it.
  queue_contract = merge([
    for key, queue in merge(module.queue, { index-failed = module.index_failed_queue }) :
    { "${key}-queue-url" = queue.url, "${key}-queue-arn" = queue.arn }
  ]...)
  dead_letter_contract = { for key, queue in module.queue : "${key}-dlq-arn" => queue.dlq_arn }
  contract = merge(local.queue_contract, local.dead_letter_contract, {
    tracks-table      = aws_dynamodb_table.tracks.name
    tracks-stream-arn = aws_dynamodb_table.tracks.stream_arn
    crawls-table      = aws_dynamodb_table.crawls.name
    listeners-table   = aws_dynamodb_table.listeners.name
    previews-bucket   = module.previews_bucket.name
    index-bucket      = module.index_bucket.name
    plays-bucket      = module.plays_bucket.name
    index-topic-arn   = aws_sns_topic.index_published.arn
    alarm-topic-arn   = module.observability.alarm_topic_arn
  })
}

resource "aws_ssm_parameter" "contract" {
  #checkov:skip=CKV2_AWS_34:names, URLs and ARNs are no secrets, and CloudFormation cannot read encrypted parameters into a template

  for_each = local.contract

  name  = "/earshot/${var.stage}/${each.key}"
  type  = "String"
  value = each.value
}

resource "aws_ssm_parameter" "secret" {
  #checkov:skip=CKV_AWS_337:the account's own key for SSM suffices: whoever may read the parameter may use that key

  for_each = toset(local.secrets)

  name        = "/earshot/${var.stage}/secrets/${each.key}"
  description = "Set it with: aws ssm put-parameter --overwrite --type SecureString --name … --value …"
  type        = "SecureString"
  value       = "unset"

  lifecycle {
    ignore_changes = [value] # its owner's, never Terraform's
  }
}
