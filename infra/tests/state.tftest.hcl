# Run with a provider that only pretends: what is asserted is names, wiring, encryption and policies.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

override_resource {
  target = module.previews_bucket.aws_s3_bucket.this
  values = { arn = "arn:aws:s3:::earshot-dev-previews-123456789012", id = "earshot-dev-previews-123456789012" }
}

override_resource {
  target = module.index_bucket.aws_s3_bucket.this
  values = { arn = "arn:aws:s3:::earshot-dev-index-123456789012", id = "earshot-dev-index-123456789012" }
}

override_resource {
  target = module.plays_bucket.aws_s3_bucket.this
  values = { arn = "arn:aws:s3:::earshot-dev-plays-123456789012", id = "earshot-dev-plays-123456789012" }
}

override_resource {
  target = module.queue["extract"].aws_sqs_queue.this
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:earshot-dev-extract", url = "https://queues/earshot-dev-extract" }
}

override_resource {
  target = module.queue["extract-now"].aws_sqs_queue.this
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:earshot-dev-extract-now", url = "https://queues/earshot-dev-extract-now" }
}

override_resource {
  target = module.queue["extract"].aws_sqs_queue.dlq
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:earshot-dev-extract-dlq" }
}

override_resource {
  target = aws_sfn_state_machine.pipeline
  values = { arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:earshot-dev-pipeline" }
}

variables {
  stage = "dev"
}

run "names_carry_the_stage" {
  assert {
    condition = (
      aws_dynamodb_table.tracks.name == "earshot-dev-tracks"
      && aws_dynamodb_table.crawls.name == "earshot-dev-crawls"
      && aws_dynamodb_table.listeners.name == "earshot-dev-listeners"
      && aws_sns_topic.index_published.name == "earshot-dev-index-published"
      && output.buckets.previews == "earshot-dev-previews-123456789012"
      && output.buckets.index == "earshot-dev-index-123456789012"
    )
    error_message = "a resource has an unexpected name"
  }

  assert {
    condition     = alltrue([for name in output.alarm_names : startswith(name, "earshot-dev-")])
    error_message = "an alarm's name lacks the stage"
  }
}

run "tables_are_protected_and_pay_per_request" {
  assert {
    condition = alltrue([
      for table in [aws_dynamodb_table.tracks, aws_dynamodb_table.crawls] :
      table.billing_mode == "PAY_PER_REQUEST" && table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled
    ])
    error_message = "both tables must be on demand, recoverable and protected from deletion"
  }

  assert {
    condition     = aws_dynamodb_table.tracks.stream_enabled && aws_dynamodb_table.tracks.stream_view_type == "NEW_AND_OLD_IMAGES"
    error_message = "index_tracks compares old and new images"
  }

  assert {
    condition     = one(aws_dynamodb_table.crawls.ttl).attribute_name == "expires_at" && one(aws_dynamodb_table.crawls.ttl).enabled
    error_message = "crawls must expire"
  }

  assert {
    condition     = one(aws_dynamodb_table.listeners.ttl).attribute_name == "expires_at" && one(aws_dynamodb_table.listeners.ttl).enabled
    error_message = "recent plays must expire"
  }

  assert {
    condition     = aws_dynamodb_table.listeners.deletion_protection_enabled && length(aws_dynamodb_table.listeners.point_in_time_recovery) == 0
    error_message = "no backup may hold what listeners asked to delete"
  }
}

run "an_uploaded_preview_reaches_the_extract_queue_and_a_clip_waits_behind_no_crawl" {
  assert {
    condition = tomap({ for queue in aws_s3_bucket_notification.previews.queue : queue.filter_prefix => queue.queue_arn }) == tomap({
      "previews/" = "arn:aws:sqs:eu-central-1:123456789012:earshot-dev-extract"
      "clips/"    = "arn:aws:sqs:eu-central-1:123456789012:earshot-dev-extract-now"
    })
    error_message = "the notifications must go to the queues of the extractor"
  }

  assert {
    condition     = alltrue([for queue in aws_s3_bucket_notification.previews.queue : queue.events == toset(["s3:ObjectCreated:*"])])
    error_message = "every upload must be told"
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(module.queue["extract"].policy).Statement :
      statement.Effect == "Allow"
      && try(statement.Principal.Service, "") == "s3.amazonaws.com"
      && try(statement.Condition.ArnEquals["aws:SourceArn"], "") == "arn:aws:s3:::earshot-dev-previews-123456789012"
      && try(statement.Condition.StringEquals["aws:SourceAccount"], "") == "123456789012"
    ])
    error_message = "only the previews bucket of this account may send to the extract queue"
  }

  assert {
    condition = length([
      for statement in jsondecode(module.queue["fetch"].policy).Statement : statement if statement.Effect == "Allow"
    ]) == 0
    error_message = "no bucket sends to the fetch queue"
  }
}

run "every_contract_parameter_lies_under_the_stage" {
  assert {
    condition     = alltrue([for key, name in output.parameters : name == "/earshot/dev/${key}"])
    error_message = "a parameter is not called /earshot/<stage>/<key>"
  }

  assert {
    condition     = aws_ssm_parameter.contract["extract-queue-arn"].value == "arn:aws:sqs:eu-central-1:123456789012:earshot-dev-extract"
    error_message = "extract-queue-arn must hold the ARN of the extract queue"
  }
}

run "every_queue_of_the_table_is_in_the_contract" {
  assert {
    condition = alltrue(flatten([
      for name in concat(keys(jsondecode(file("queues.json")).work), keys(jsondecode(file("queues.json")).parked)) :
      [for end in ["url", "arn"] : contains(keys(output.parameters), "${name}-queue-${end}")]
    ]))
    error_message = "a queue of queues.json has no parameters"
  }
}

run "secrets_are_encrypted_and_hold_nothing_yet" {
  assert {
    condition = alltrue([
      for key, secret in aws_ssm_parameter.secret :
      secret.type == "SecureString" && secret.value == "unset" && secret.name == "/earshot/dev/secrets/${key}"
    ]) && length(aws_ssm_parameter.secret) > 0
    error_message = "a secret is not a SecureString of its own"
  }
}

run "logs_are_kept_for_a_limited_time" {
  variables {
    log_retention_days = 7
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.function : group.retention_in_days == 7])
    error_message = "a log group ignores log_retention_days"
  }
}

run "protection_can_be_turned_off_to_destroy" {
  variables {
    protect_data = false
  }

  assert {
    condition     = alltrue([for table in [aws_dynamodb_table.tracks, aws_dynamodb_table.crawls, aws_dynamodb_table.listeners] : !table.deletion_protection_enabled])
    error_message = "a stage that shall be destroyed must not be protected"
  }
}

run "a_stage_that_fits_no_bucket_name_is_refused" {
  command = plan

  variables {
    stage = "Dev_1"
  }

  expect_failures = [var.stage]
}

run "a_budget_without_an_address_is_refused" {
  command = plan

  variables {
    monthly_budget_usd = 5
  }

  expect_failures = [var.monthly_budget_usd]
}

run "an_anomaly_without_an_address_is_refused" {
  command = plan

  variables {
    cost_anomaly_usd = 5
  }

  expect_failures = [var.cost_anomaly_usd]
}

run "nothing_stands_before_the_api_unless_it_is_asked_for" {
  assert {
    condition     = length(module.edge) == 0 && output.edge_url == null
    error_message = "CloudFront and WAF cost money"
  }
}

run "the_edge_stands_before_the_api_that_is_named" {
  variables {
    edge_origin = "abc123.execute-api.eu-central-1.amazonaws.com"
  }

  assert {
    condition     = startswith(output.edge_url, "https://")
    error_message = "the edge must have an address"
  }
}

run "an_edge_before_an_address_with_a_path_is_refused" {
  command = plan

  variables {
    edge_origin = "https://abc123.execute-api.eu-central-1.amazonaws.com/"
  }

  expect_failures = [var.edge_origin]
}

run "the_dashboard_of_a_whole_stage_costs_nothing" {
  assert {
    condition = sum([
      for widget in jsondecode(module.observability.dashboard_body).widgets : length(widget.properties.metrics)
    ]) <= 50
    error_message = "CloudWatch shows 50 metrics for nothing; a dashboard with more costs 3 USD a month"
  }
}

run "kafka_is_none_unless_named" {
  assert {
    condition     = length(aws_lambda_event_source_mapping.plays_from_kafka) == 0 && length(aws_iam_role_policy.plays_from_kafka) == 0
    error_message = "an event source nobody asked for"
  }
}

run "plays_come_from_msk_by_iam" {
  variables {
    plays_from_kafka = {
      topic       = "plays"
      cluster_arn = "arn:aws:kafka:eu-central-1:123456789012:cluster/music/b2fd3a8c-3"
    }
  }

  override_data {
    target = data.aws_lambda_function.record_plays["plays"]
    values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:earshot-dev-record_plays", role = "arn:aws:iam::123456789012:role/earshot-dev-RecordPlaysRole-1" }
  }

  assert {
    condition     = aws_lambda_event_source_mapping.plays_from_kafka["plays"].topics == toset(["plays"]) && aws_iam_role_policy.plays_from_kafka["plays"].role == "earshot-dev-RecordPlaysRole-1"
    error_message = "the event source reads another topic, or the permission went elsewhere"
  }

  assert {
    condition = (
      strcontains(aws_iam_role_policy.plays_from_kafka["plays"].policy, "arn:aws:kafka:eu-central-1:123456789012:topic/music/b2fd3a8c-3/plays")
      && strcontains(aws_iam_role_policy.plays_from_kafka["plays"].policy, "arn:aws:kafka:eu-central-1:123456789012:group/music/b2fd3a8c-3/earshot-dev-plays")
      && !strcontains(aws_iam_role_policy.plays_from_kafka["plays"].policy, "secretsmanager")
    )
    error_message = "the role may read more than the topic, or less"
  }
}

run "plays_come_from_brokers_elsewhere_with_a_secret" {
  variables {
    plays_from_kafka = {
      topic             = "plays"
      bootstrap_servers = ["a.example.org:9096", "b.example.org:9096"]
      secret_arn        = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka-1"
    }
  }

  override_data {
    target = data.aws_lambda_function.record_plays["plays"]
    values = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:earshot-dev-record_plays", role = "arn:aws:iam::123456789012:role/earshot-dev-RecordPlaysRole-1" }
  }

  assert {
    condition     = aws_lambda_event_source_mapping.plays_from_kafka["plays"].self_managed_event_source[0].endpoints["KAFKA_BOOTSTRAP_SERVERS"] == "a.example.org:9096,b.example.org:9096" && !strcontains(aws_iam_role_policy.plays_from_kafka["plays"].policy, "kafka-cluster")
    error_message = "the brokers are others, or the role may use MSK"
  }
}

run "a_topic_needs_a_cluster" {
  command = plan

  variables {
    plays_from_kafka = { topic = "plays" }
  }

  expect_failures = [var.plays_from_kafka]
}

run "the_pipeline_runs_when_it_is_asked_to_and_may_do_its_steps_alone" {
  assert {
    condition     = length(aws_scheduler_schedule.pipeline) == 0 && length(aws_iam_role.pipeline_schedule) == 0
    error_message = "a schedule nobody asked for"
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.pipeline.policy).Statement == [{
      Effect = "Allow"
      Action = ["lambda:InvokeFunction"]
      Resource = [
        "arn:aws:lambda:eu-central-1:123456789012:function:earshot-dev-learn_listening",
        "arn:aws:lambda:eu-central-1:123456789012:function:earshot-dev-pipeline_step",
      ]
    }]
    error_message = "the state machine may call two functions, and nothing else"
  }

  assert {
    condition     = !strcontains(aws_sfn_state_machine.pipeline.definition, join("", ["$", "{"])) && strcontains(aws_sfn_state_machine.pipeline.definition, "arn:aws:lambda:eu-central-1:123456789012:function:earshot-dev-pipeline_step")
    error_message = "a place of the definition was not filled in"
  }
}

run "a_schedule_names_its_playlist_and_may_start_the_pipeline_alone" {
  variables {
    pipeline_schedules = { nightly = { playlist = "spotify:playlist:1", schedule = "cron(0 4 * * ? *)", timezone = "Europe/Berlin" } }
    pipeline_spark     = { application_id = "00abc", role_arn = "arn:aws:iam::123456789012:role/earshot-dev-spark", embed = { SparkSubmit = { EntryPoint = "s3://jobs/embed.py" } } }
  }

  assert {
    condition     = jsondecode(aws_scheduler_schedule.pipeline["nightly"].target[0].input).playlist == "spotify:playlist:1" && jsondecode(aws_scheduler_schedule.pipeline["nightly"].target[0].input).spark.embed.SparkSubmit.EntryPoint == "s3://jobs/embed.py"
    error_message = "the execution is given another input"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.pipeline_schedule[0].policy).Statement == [{ Effect = "Allow", Action = ["states:StartExecution"], Resource = ["arn:aws:states:eu-central-1:123456789012:stateMachine:earshot-dev-pipeline"] }]
    error_message = "the schedule may do more than start the pipeline, or less"
  }

  assert {
    condition = (
      strcontains(aws_iam_role_policy.pipeline.policy, "arn:aws:emr-serverless:eu-central-1:123456789012:/applications/00abc/jobruns/*")
      && strcontains(aws_iam_role_policy.pipeline.policy, "arn:aws:iam::123456789012:role/earshot-dev-spark")
    )
    error_message = "the job cannot be run, or another one can"
  }
}

run "a_schedule_that_is_none_is_refused" {
  command = plan

  variables {
    pipeline_schedules = { nightly = { playlist = "spotify:playlist:1", schedule = "every night" } }
  }

  expect_failures = [var.pipeline_schedules]
}

run "s3_vectors_is_none_unless_asked_for" {
  assert {
    condition     = length(module.vectors) == 0 && output.vector_bucket == null
    error_message = "a vector bucket nobody asked for"
  }
}

run "s3_vectors_searches_for_the_api" {
  variables {
    vectors = {}
  }

  override_data {
    target = data.aws_lambda_function.searching[0]
    values = { role = "arn:aws:iam::123456789012:role/earshot-dev-ApiRole-1" }
  }

  assert {
    condition     = output.vector_bucket == "earshot-dev-vectors"
    error_message = "another bucket than the runbook says"
  }
}
