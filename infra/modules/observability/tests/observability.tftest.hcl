mock_provider "aws" {}

override_resource {
  target = aws_sns_topic.alarms
  values = { arn = "arn:aws:sns:eu-central-1:123456789012:earshot-dev-alarms" }
}

variables {
  prefix    = "earshot-dev"
  stage     = "dev"
  region    = "eu-central-1"
  functions = ["api", "index_tracks"]
  queues = {
    crawl   = { name = "earshot-dev-crawl", dlq_name = "earshot-dev-crawl-dlq" }
    fetch   = { name = "earshot-dev-fetch", dlq_name = "earshot-dev-fetch-dlq" }
    extract = { name = "earshot-dev-extract", dlq_name = "earshot-dev-extract-dlq" }
    changes = { name = "earshot-dev-changes.fifo", dlq_name = "earshot-dev-changes-dlq.fifo" }
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
      for service in ["crawler", "extractor", "annoy_service"] :
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
    condition     = length(aws_sns_topic_subscription.alarms) == 0 && length(aws_budgets_budget.monthly) == 0
    error_message = "no subscription and no budget without an address"
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
