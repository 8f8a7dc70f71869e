# Alarms on what needs a person in time, and money: only where an address is set, because an alarm that nobody hears costs
# as much as one that is heard (0.10 USD a month for each metric it looks at).

locals {
  attended = {
    concurrency-used-up = {
      what       = "Nine tenths of the account's concurrent executions have been in use for a quarter of an hour."
      namespace  = "AWS/Lambda", metric = "ClaimedAccountConcurrency", statistic = "Maximum"
      dimensions = {}
      threshold  = 0.9 * var.concurrent_executions, period = 5 * local.minute, periods = 3
    }
    reconcile-fails = {
      what       = "What looks for lost work has failed for an hour: dead letters and crawls wait."
      namespace  = "AWS/Lambda", metric = "Errors", statistic = "Sum"
      dimensions = { FunctionName = "${var.prefix}-reconcile" }
      threshold  = 0, period = 15 * local.minute, periods = 4
    }
    listening-not-published = {
      what       = "A table of what is played together was learned and not let in: it is worse than what serves, or than popularity."
      namespace  = "Earshot", metric = "ColisteningNotPublished", statistic = "Sum"
      dimensions = { service = "listening" }
      threshold  = 0, period = 5 * local.minute, periods = 1
    }
    sound-drifted = {
      what       = "New tracks, the embeddings or the tags of the catalogue are not what they were: the log says which."
      namespace  = "Earshot", metric = "SoundDrifted", statistic = "Sum"
      dimensions = { service = "pipelines" }
      threshold  = 0, period = 5 * local.minute, periods = 1
    }
    listening-drifted = {
      what       = "The table of what is played together finds less of what people have played since than when it was let in, or than popularity does."
      namespace  = "Earshot", metric = "ColisteningDrifted", statistic = "Sum"
      dimensions = { service = "listening" }
      threshold  = 0, period = 5 * local.minute, periods = 1
    }
  }

  # Over several metrics (ten at most). A throttled message is sent anew each time and never grows old: so not its age tells that
  # fetching stands still, but that messages wait while none is done.
  computed = {
    fetch-stands-still = {
      what       = "Previews have been waiting for six hours, and not one was fetched: the providers throttle, or fetching stands still."
      expression = "IF((FILL(visible, 0) + FILL(delayed, 0)) > 0 AND FILL(fetched, 0) == 0, 1, 0)"
      metrics = {
        visible = { namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", dimensions = { QueueName = var.queues["fetch"].name } }
        delayed = { namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesDelayed", statistic = "Maximum", dimensions = { QueueName = var.queues["fetch"].name } }
        fetched = { namespace = "Earshot", metric = "PreviewsFetched", statistic = "Sum", dimensions = { service = "crawler" } }
      }
      threshold = 0, period = 60 * local.minute, periods = 6
    }
    # SQS forgets a letter 14 days after its message was first sent, and counts its age from when it became a letter.
    dead-letters-expire = {
      what       = "A dead letter has lain for a week; SQS deletes it two weeks after its message was first sent."
      expression = "MAX(METRICS())"
      metrics = {
        for key, name in merge({ for key, queue in var.queues : key => queue.dlq_name }, { index-failed = var.index_failed_queue_name }) :
        replace(key, "-", "_") => { namespace = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum", dimensions = { QueueName = name } }
      }
      threshold = 7 * 24 * 60 * local.minute, period = 60 * local.minute, periods = 1
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "computed" {
  for_each = var.alarm_email == null ? {} : local.computed

  alarm_name          = "${var.prefix}-${each.key}"
  alarm_description   = "${each.value.what} What to do: docs/operations.md#${each.key}"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "result"
    label       = each.key
    expression  = each.value.expression
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id = metric_query.key

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.metric
        dimensions  = metric_query.value.dimensions
        stat        = metric_query.value.statistic
        period      = each.value.period
      }
    }
  }
}

# AWS compares the stage's cost with what it used to be, and writes the day after. Free of charge.
resource "aws_ce_anomaly_monitor" "stage" {
  count = var.cost_anomaly_usd == null ? 0 : 1

  name         = var.prefix
  monitor_type = "CUSTOM"

  monitor_specification = jsonencode({
    And            = null
    CostCategories = null
    Dimensions     = null
    Not            = null
    Or             = null
    Tags           = { Key = "stage", MatchOptions = null, Values = [var.stage] }
  })
}

resource "aws_ce_anomaly_subscription" "stage" {
  count = var.cost_anomaly_usd == null ? 0 : 1

  name             = var.prefix
  frequency        = "DAILY"
  monitor_arn_list = [aws_ce_anomaly_monitor.stage[0].arn]

  subscriber {
    type    = "EMAIL"
    address = var.alarm_email
  }

  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = [tostring(var.cost_anomaly_usd)]
    }
  }
}
