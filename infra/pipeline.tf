# The pipeline (docs/pipelines.md): a state machine that asks the functions for one step after the other, and, where it is
# asked for, schedules that start it. What it does stands in pipelines/steps.json, from which `make pipeline-states`
# writes pipeline.asl.json. A machine that does not run costs nothing.

locals {
  pipeline_functions = {
    for name in ["pipeline_step", "learn_listening"] :
    name => "arn:${data.aws_partition.current.partition}:lambda:${var.region}:${local.account_id}:function:${local.name}-${name}"
  }
  spark = var.pipeline_spark == null ? {} : { spark = var.pipeline_spark }
}

resource "aws_sfn_state_machine" "pipeline" {
  #checkov:skip=CKV_AWS_284:X-Ray would show what the history of each execution shows, for which nothing is paid
  #checkov:skip=CKV_AWS_285:Step Functions keeps the history of executions for 90 days; to write logs, the role would need permissions on all of the account's

  name       = "${local.name}-pipeline"
  role_arn   = aws_iam_role.pipeline.arn
  definition = templatefile("${path.module}/pipeline.asl.json", merge(local.pipeline_functions, { partition = data.aws_partition.current.partition }))
}

resource "aws_iam_role" "pipeline" {
  name = "${local.name}-pipeline"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "pipeline" {
  name = "steps"
  role = aws_iam_role.pipeline.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{ Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = values(local.pipeline_functions) }],
      flatten([for job in values(local.spark) : [
        {
          Effect   = "Allow"
          Action   = ["emr-serverless:StartJobRun"]
          Resource = ["arn:${data.aws_partition.current.partition}:emr-serverless:${var.region}:${local.account_id}:/applications/${job.application_id}"]
        },
        {
          Effect   = "Allow"
          Action   = ["emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"]
          Resource = ["arn:${data.aws_partition.current.partition}:emr-serverless:${var.region}:${local.account_id}:/applications/${job.application_id}/jobruns/*"]
        },
        {
          Effect    = "Allow"
          Action    = ["iam:PassRole"]
          Resource  = [job.role_arn]
          Condition = { StringEquals = { "iam:PassedToService" = "emr-serverless.amazonaws.com" } }
        },
        { # by which Step Functions learns that a job has ended
          Effect   = "Allow"
          Action   = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
          Resource = ["arn:${data.aws_partition.current.partition}:events:${var.region}:${local.account_id}:rule/StepFunctionsGetEventsForEMRServerlessJobRule"]
        },
      ]]),
    )
  })
}

resource "aws_scheduler_schedule" "pipeline" {
  #checkov:skip=CKV_AWS_297:a schedule holds the name of a playlist, no secret; EventBridge encrypts it with a key that AWS owns

  for_each = var.pipeline_schedules

  name                         = "${local.name}-pipeline-${each.key}"
  schedule_expression          = each.value.schedule
  schedule_expression_timezone = each.value.timezone

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = aws_sfn_state_machine.pipeline.arn
    role_arn = aws_iam_role.pipeline_schedule[0].arn
    input    = jsonencode(merge({ playlist = each.value.playlist, recipe = each.value.recipe }, local.spark))

    retry_policy {
      maximum_retry_attempts       = 3
      maximum_event_age_in_seconds = 3600
    }
  }
}

resource "aws_iam_role" "pipeline_schedule" {
  count = length(var.pipeline_schedules) > 0 ? 1 : 0

  name = "${local.name}-pipeline-schedule"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "pipeline_schedule" {
  count = length(var.pipeline_schedules) > 0 ? 1 : 0

  name = "start"
  role = aws_iam_role.pipeline_schedule[0].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["states:StartExecution"], Resource = [aws_sfn_state_machine.pipeline.arn] }]
  })
}
