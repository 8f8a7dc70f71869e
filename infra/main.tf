# Everything that holds state. The functions (serverless.yml) come and go; this stays.

locals {
  embedded   = var.endpoint != null
  name       = "earshot-${var.stage}"
  account_id = data.aws_caller_identity.current.account_id

  # The one table of queues (README.md explains it): serverless.yml, the local stack and the commands read it too.
  table  = jsondecode(file("${path.module}/queues.json"))
  queues = merge(local.table, { work = { for key, queue in local.table.work : key => merge({ fifo = false }, queue) } })

  functions = [
    "crawl_playlist", "fetch_preview", "extract", "reconcile", "learn_facts",
    "queue_changes", "index_tracks", "compact_index", "reconcile_index",
    "record_plays", "keep_plays", "learn_listening", "pipeline_step", "api",
  ]
}

data "aws_caller_identity" "current" {}

module "previews_bucket" {
  source = "./modules/private_bucket"

  # Audio on its way to the extractor: worth nothing a day later, and nothing is lost with it.
  name                 = "${local.name}-previews-${local.account_id}"
  expire_after_days    = 1
  force_destroy        = true
  uploads_from_origins = var.page_origins
}

module "index_bucket" {
  source = "./modules/private_bucket"

  # Versioned: the pointer and deleted segments can be brought back for a week.
  name          = "${local.name}-index-${local.account_id}"
  versioned     = true
  force_destroy = !var.protect_data
}

module "plays_bucket" {
  source = "./modules/private_bucket"

  # Not versioned: what a listener asks to delete is deleted, and not kept for a week under another name.
  name          = "${local.name}-plays-${local.account_id}"
  force_destroy = !var.protect_data
}

module "queue" {
  source   = "./modules/queue"
  for_each = local.queues.work

  name                       = "${local.name}-${each.key}"
  visibility_timeout_seconds = local.queues.visibility_timeouts * each.value.timeout_s
  max_receive_count          = each.value.receives
  retention_days             = local.queues.retention_days
  fifo                       = each.value.fifo
  notified_by_buckets        = contains(values(local.queues.uploads), each.key) ? [module.previews_bucket.arn] : []
  account_id                 = local.account_id
}

# Tracks that could not be indexed and positions in the stream: reconcile_index has them tried again.
module "index_failed_queue" {
  source = "./modules/queue"

  name                       = "${local.name}-index-failed"
  visibility_timeout_seconds = local.queues.parked["index-failed"].visibility_s
  max_receive_count          = local.queues.parked["index-failed"].receives
  retention_days             = local.queues.retention_days
  account_id                 = local.account_id
}

resource "aws_s3_bucket_notification" "previews" {
  # S3 tries the queue before it accepts the notification, so the queue's policy comes first.
  depends_on = [module.queue]

  bucket = module.previews_bucket.name

  dynamic "queue" {
    for_each = local.queues.uploads

    content {
      id            = "uploaded-${trimsuffix(queue.key, "/")}"
      queue_arn     = module.queue[queue.value].arn
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = queue.key
    }
  }
}

resource "aws_dynamodb_table" "tracks" {
  #checkov:skip=CKV_AWS_119:encrypted with a key that AWS owns; a customer key costs 1 USD a month and per request, and keeps out nobody who is not kept out by IAM

  name                        = "${local.name}-tracks"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "track_id"
  stream_enabled              = true
  stream_view_type            = "NEW_AND_OLD_IMAGES"
  deletion_protection_enabled = var.protect_data

  attribute {
    name = "track_id"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = false # encrypted with the key AWS owns; true would mean a KMS key that is billed per request
  }
}

resource "aws_dynamodb_table" "crawls" {
  #checkov:skip=CKV_AWS_119:encrypted with a key that AWS owns; a customer key costs 1 USD a month and per request, and keeps out nobody who is not kept out by IAM

  name                        = "${local.name}-crawls"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "crawl_id"
  range_key                   = "entry"
  deletion_protection_enabled = var.protect_data

  attribute {
    name = "crawl_id"
    type = "S"
  }

  attribute {
    name = "entry"
    type = "S"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = false
  }
}

resource "aws_dynamodb_table" "listeners" {
  #checkov:skip=CKV_AWS_119:encrypted with a key that AWS owns; a customer key costs 1 USD a month and per request, and keeps out nobody who is not kept out by IAM
  #checkov:skip=CKV_AWS_28:a backup of the last 35 days would hold what listeners asked to delete; plays are in the lake, from which this table can be made

  name                        = "${local.name}-listeners"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "listener"
  range_key                   = "item"
  deletion_protection_enabled = var.protect_data

  attribute {
    name = "listener"
    type = "S"
  }

  attribute {
    name = "item"
    type = "S"
  }

  attribute {
    name = "opinion"
    type = "S"
  }

  global_secondary_index { # what is loved and banned, learned from without a look at the plays; only opinions are in it
    name               = "opinions"
    hash_key           = "opinion"
    projection_type    = "INCLUDE"
    non_key_attributes = ["said_at"]
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  server_side_encryption {
    enabled = false
  }
}

resource "aws_sns_topic" "index_published" {
  #checkov:skip=CKV_AWS_26:announcements hold counts and version names, nothing secret

  name = "${local.name}-index-published"
}

resource "aws_sns_topic_policy" "index_published" {
  arn = aws_sns_topic.index_published.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OwnAccount"
        Effect    = "Allow"
        Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${local.account_id}:root" }
        Action    = ["sns:Publish", "sns:Subscribe", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"]
        Resource  = aws_sns_topic.index_published.arn
      },
      {
        Sid       = "DenyPublishWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.index_published.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

data "aws_partition" "current" {}

# Made here and not by the functions' stack: metric filters need them before the first call, and logs outlive a
# removed stack.
resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every log group; logs hold track ids and no secrets
  #checkov:skip=CKV_AWS_338:30 days are enough to find a fault, and keep the bill and the data small

  for_each = toset(local.functions)

  name              = "/aws/lambda/${local.name}-${each.key}"
  retention_in_days = var.log_retention_days
}

module "observability" {
  source = "./modules/observability"

  prefix                  = local.name
  stage                   = var.stage
  region                  = var.region
  queues                  = module.queue
  index_failed_queue_name = module.index_failed_queue.name
  alarm_email             = var.alarm_email
  monthly_budget_usd      = var.monthly_budget_usd
  cost_anomaly_usd        = var.cost_anomaly_usd
  concurrent_executions   = var.concurrent_executions
}

module "edge" {
  source = "./modules/edge"
  count  = var.edge_origin == null ? 0 : 1

  name                     = "${local.name}-edge"
  origin_host              = var.edge_origin
  requests_in_five_minutes = var.edge_requests_in_five_minutes
}

module "service" {
  source = "./modules/service"
  count  = var.service == null ? 0 : 1

  name                 = "${local.name}-service"
  index_bucket         = { name = module.index_bucket.name, arn = module.index_bucket.arn }
  image                = var.service.image
  image_repository_arn = var.service.image_repository_arn
  vpc_id               = var.service.vpc_id
  balancer_subnet_ids  = var.service.balancer_subnet_ids
  task_subnet_ids      = var.service.task_subnet_ids
  certificate_arn      = var.service.certificate_arn
  allowed_cidrs        = var.service.allowed_cidrs
  internal             = var.service.internal
  assign_public_ip     = var.service.assign_public_ip
  architecture         = var.service.architecture
  cpu                  = var.service.cpu
  memory_mib           = var.service.memory_mib
  disk_gib             = var.service.disk_gib
  tasks                = var.service.tasks
  environment          = var.service.environment
  log_retention_days   = var.log_retention_days
}

module "batch_bucket" {
  source = "./modules/private_bucket"
  count  = var.batch == null ? 0 : 1

  name          = "${local.name}-batch-${local.account_id}"
  force_destroy = !var.protect_data
}

module "batch" {
  source = "./modules/batch"
  count  = var.batch == null ? 0 : 1

  name               = "${local.name}-batch"
  parameter          = "/earshot/${var.stage}/batch"
  image_tag          = var.batch.image_tag
  region             = var.region
  account_id         = local.account_id
  bucket             = module.batch_bucket[0].name
  bucket_arn         = module.batch_bucket[0].arn
  read_bucket_arns   = concat([module.previews_bucket.arn, module.plays_bucket.arn], [for name in var.batch.read_buckets : "arn:aws:s3:::${name}"])
  index_bucket_arn   = module.index_bucket.arn
  tracks_table_arn   = aws_dynamodb_table.tracks.arn
  most_vcpus         = var.batch.most_vcpus
  log_retention_days = var.log_retention_days
}
