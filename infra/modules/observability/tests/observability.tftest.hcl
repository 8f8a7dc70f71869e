mock_provider "aws" {}

override_resource {
  target = aws_sns_topic.alarms
  values = { arn = "arn:aws:sns:eu-central-1:123456789012:earshot-dev-alarms" }
}

variables {
  prefix = "earshot-dev"
  stage  = "dev"
  region = "eu-central-1"
  queues = {
    crawl   = { name = "earshot-dev-crawl", dlq_name = "earshot-dev-crawl-dlq" }
    fetch   = { name = "earshot-dev-fetch", dlq_name = "earshot-dev-fetch-dlq" }
    extract = { name = "earshot-dev-extract", dlq_name = "earshot-dev-extract-dlq" }
    changes = { name = "earshot-dev-changes.fifo", dlq_name = "earshot-dev-changes-dlq.fifo" }
    plays   = { name = "earshot-dev-plays", dlq_name = "earshot-dev-plays-dlq" }
  }
  index_failed_queue_name = "earshot-dev-index-failed"
}

run "every_alarm_tells_somebody_what_to_do" {
  assert {
    condition = alltrue([
      for key, alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_name == "earshot-dev-${key}"
      && strcontains(alarm.alarm_description, "docs/operations.md#${key}")
      && alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:earshot-dev-alarms"])
      && alarm.treat_missing_data == "notBreaching"
    ])
    error_message = "an alarm lacks its runbook entry or its topic"
  }
}

run "letters_that_stay_and_work_that_is_given_up_have_an_alarm" {
  assert {
    condition = alltrue([
      for name in ["earshot-dev-index-failed"] :
      anytrue([for alarm in aws_cloudwatch_metric_alarm.this : try(alarm.dimensions.QueueName == name, false) && alarm.threshold == 0])
    ])
    error_message = "dead letters would go unseen"
  }

  assert {
    condition = alltrue([
      for service in ["crawler", "extractor", "annoy_service", "listening"] :
      anytrue([
        for alarm in aws_cloudwatch_metric_alarm.this :
        try(alarm.dimensions.service == service, false) && alarm.metric_name == "WorkGivenUp" && alarm.threshold == 0
      ])
    ])
    error_message = "work that is given up, or whose dead letters are read, would go unseen"
  }
}

run "the_dashboard_is_json_with_no_two_widgets_in_one_place" {
  assert {
    condition = length(distinct([
      for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : "${widget.x} ${widget.y}"
    ])) == length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets)
    error_message = "widgets overlap"
  }
}

run "without_an_address_nobody_is_written_to" {
  assert {
    condition     = length(aws_sns_topic_subscription.alarms) == 0 && length(aws_budgets_budget.monthly) == 0 && length(aws_ce_anomaly_monitor.stage) == 0
    error_message = "no subscription and no budget without an address"
  }
}

run "what_needs_a_person_in_time_is_watched_only_where_one_is_written_to" {
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.computed) == 0 && !contains(keys(aws_cloudwatch_metric_alarm.this), "reconcile-fails")
    error_message = "an alarm that nobody hears costs money"
  }
}

run "letters_about_to_expire_fetching_that_stands_still_and_used_up_concurrency_have_an_alarm" {
  variables {
    alarm_email           = "somebody@example.org"
    concurrent_executions = 10
  }

  assert {
    condition = toset(flatten([
      for query in aws_cloudwatch_metric_alarm.computed["dead-letters-expire"].metric_query : [for metric in query.metric : metric.dimensions.QueueName]
    ])) == toset([for name in ["crawl-dlq", "fetch-dlq", "extract-dlq", "changes-dlq.fifo", "plays-dlq", "index-failed"] : "earshot-dev-${name}"])
    error_message = "a queue of dead letters is not watched"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["concurrency-used-up"].threshold == 9
    error_message = "the alarm must follow the account's quota"
  }

  assert {
    condition = alltrue([
      for key, alarm in aws_cloudwatch_metric_alarm.computed :
      strcontains(alarm.alarm_description, "docs/operations.md#${key}")
      && alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:earshot-dev-alarms"])
      && length([for query in alarm.metric_query : query if query.return_data == true]) == 1
    ])
    error_message = "an alarm lacks its runbook entry, its topic or its one result"
  }
}

run "unusual_cost_is_written_to_somebody" {
  variables {
    alarm_email      = "somebody@example.org"
    cost_anomaly_usd = 2
  }

  assert {
    condition = (
      jsondecode(aws_ce_anomaly_monitor.stage[0].monitor_specification).Tags.Values[0] == "dev"
      && one(aws_ce_anomaly_subscription.stage[0].subscriber).address == "somebody@example.org"
      && contains(one(one(aws_ce_anomaly_subscription.stage[0].threshold_expression).dimension).values, "2")
    )
    error_message = "the monitor must watch the stage and write to the address"
  }
}

run "a_budget_watches_the_stage" {
  variables {
    alarm_email        = "somebody@example.org"
    monthly_budget_usd = 5
  }

  assert {
    condition = (
      aws_budgets_budget.monthly[0].limit_amount == "5"
      && one(aws_budgets_budget.monthly[0].cost_filter).values == tolist(["user:stage$dev"])
      && length(aws_budgets_budget.monthly[0].notification) == 2
      && aws_sns_topic_subscription.alarms[0].endpoint == "somebody@example.org"
    )
    error_message = "the budget must watch the stage and warn the address"
  }
}
