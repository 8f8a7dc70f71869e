# One entry per thing a person would act on, and no more: what a function throws ends in a dead-letter queue, a late
# index or a 5xx answer, each of which has its alarm; an alarm costs 0.10 USD a month beyond the first ten.
# The key names the alarm (<prefix>-<key>) and its entry in docs/operations.md; a test fails when either is missing. The
# alarm on the API's 5xx answers needs the API's id and therefore stands in serverless.resources.yml. Those that only make
# sense when somebody is written to are in attended.tf.

locals {
  minute = 60

  alarms = {
    crawler-gave-up = {
      what       = "A crawl or the preview of a track was given up for no reason that has a name."
      namespace  = "Earshot", metric = "WorkGivenUp", statistic = "Sum"
      dimensions = { service = "crawler" }
      threshold  = 0, period = 5 * local.minute, periods = 1
    }
    extractor-gave-up = {
      what       = "A track was given up because its preview could not be heard after every retry."
      namespace  = "Earshot", metric = "WorkGivenUp", statistic = "Sum"
      dimensions = { service = "extractor" }
      threshold  = 0, period = 5 * local.minute, periods = 1
    }
    pending-too-long = {
      what       = "A track has been pending for three days: something does not go on, or a provider throttles hard."
      namespace  = "Earshot", metric = "OldestPendingSeconds", statistic = "Maximum"
      dimensions = { service = "crawler" }
      threshold  = 3 * 24 * 60 * local.minute, period = 24 * 60 * local.minute, periods = 1
    }
    index-gave-up = {
      what       = "Tracks could not be indexed, or the index not be compacted or tidied, after every retry."
      namespace  = "Earshot", metric = "WorkGivenUp", statistic = "Sum"
      dimensions = { service = "annoy_service" }
      threshold  = 0, period = 5 * local.minute, periods = 1
    }
    listening-gave-up = {
      what       = "Plays could not be kept: after every retry they wait as dead letters, or they are none that can be."
      namespace  = "Earshot", metric = "WorkGivenUp", statistic = "Sum"
      dimensions = { service = "listening" }
      threshold  = 0, period = 5 * local.minute, periods = 1
    }
    index-failed-records = {
      what       = "Embeddings were not indexed after every retry."
      namespace  = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum"
      dimensions = { QueueName = var.index_failed_queue_name }
      threshold  = 0, period = 5 * local.minute, periods = 1
    }
    throttled = {
      what       = "Lambda has turned calls away for half an hour: the account's concurrent executions are used up."
      namespace  = "AWS/Lambda", metric = "Throttles", statistic = "Sum"
      dimensions = {} # of the account: what is turned away is whoever comes last, and the dashboard shows which function
      threshold  = 0, period = 5 * local.minute, periods = 6
    }
    extract-backlog = {
      what       = "A preview has waited for an hour to be extracted; the bucket deletes it after a day."
      namespace  = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum"
      dimensions = { QueueName = var.queues["extract"].name }
      threshold  = 60 * local.minute, period = 5 * local.minute, periods = 3
    }
    index-behind = {
      what       = "The index has been 15 minutes behind the table: index_tracks fails or is too slow."
      namespace  = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum"
      dimensions = { QueueName = var.queues["changes"].name }
      threshold  = 15 * local.minute, period = 5 * local.minute, periods = 3
    }
    index-damaged = {
      what       = "A reader found an index object that is not what its manifest says and kept the version it had."
      namespace  = "Earshot", metric = "IndexDamaged", statistic = "Sum"
      dimensions = { service = "api" }
      threshold  = 0, period = 5 * local.minute, periods = 1
    }
    api-slow = {
      what       = "One in a hundred requests has taken longer than three seconds for a quarter of an hour."
      namespace  = "AWS/Lambda", metric = "Duration", statistic = "p99"
      dimensions = { FunctionName = "${var.prefix}-api" }
      threshold  = 3000, period = 5 * local.minute, periods = 3
    }
    index-not-published = {
      what       = "A compaction was given up: its version missed too many true neighbours in its own measurement."
      namespace  = "Earshot", metric = "IndexNotPublished", statistic = "Sum"
      dimensions = { service = "annoy_service" }
      threshold  = 0, period = 5 * local.minute, periods = 1
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = merge(local.alarms, var.alarm_email == null ? {} : local.attended)

  alarm_name          = "${var.prefix}-${each.key}"
  alarm_description   = "${each.value.what} What to do: docs/operations.md#${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch cannot publish to a topic under the AWS managed key, and alarm texts hold nothing secret

  name = "${var.prefix}-alarms"
}

resource "aws_sns_topic_subscription" "alarms" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_budgets_budget" "monthly" {
  count = var.monthly_budget_usd == null ? 0 : 1

  name         = var.prefix
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:stage$%s", var.stage)]
  }

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      notification_type          = notification.key
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      comparison_operator        = "GREATER_THAN"
      subscriber_email_addresses = [var.alarm_email]
    }
  }
}
