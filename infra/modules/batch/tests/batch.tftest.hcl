mock_provider "aws" {}

override_resource {
  target = aws_ecr_repository.this
  values = { repository_url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/earshot-dev-batch" }
}

override_resource {
  target = aws_iam_role.job
  values = { arn = "arn:aws:iam::123456789012:role/earshot-dev-batch-job" }
}

variables {
  name               = "earshot-dev-batch"
  parameter          = "/earshot/dev/batch"
  region             = "eu-central-1"
  account_id         = "123456789012"
  bucket             = "earshot-dev-batch-123456789012"
  bucket_arn         = "arn:aws:s3:::earshot-dev-batch-123456789012"
  read_bucket_arns   = ["arn:aws:s3:::earshot-dev-previews-123456789012"]
  index_bucket_arn   = "arn:aws:s3:::earshot-dev-index-123456789012"
  tracks_table_arn   = "arn:aws:dynamodb:eu-central-1:123456789012:table/earshot-dev-tracks"
  most_vcpus         = 64
  log_retention_days = 30
}

run "without_an_image_there_is_nothing_that_could_run" {
  assert {
    condition     = length(aws_emrserverless_application.this) == 0 && length(aws_ssm_parameter.this) == 0
    error_message = "the application needs an image that has been pushed"
  }
}

run "an_application_costs_nothing_while_no_job_runs_and_is_bounded_while_one_does" {
  variables {
    image_tag = "1"
  }

  assert {
    condition = (
      length(aws_emrserverless_application.this[0].initial_capacity) == 0
      && one(aws_emrserverless_application.this[0].auto_stop_configuration).enabled
      && one(aws_emrserverless_application.this[0].maximum_capacity).cpu == "64 vCPU"
      && one(aws_emrserverless_application.this[0].maximum_capacity).memory == "128 GB"
      && aws_emrserverless_application.this[0].architecture == "ARM64"
    )
    error_message = "no capacity may stand by, and all jobs together may not exceed the limit"
  }
}

run "a_job_reads_writes_and_deletes_no_more_than_it_must" {
  assert {
    condition = !anytrue([
      for statement in jsondecode(aws_iam_role_policy.job.policy).Statement :
      anytrue([
        for action in flatten([statement.Action]) :
        strcontains(action, "*")
        || strcontains(action, "Delete") && statement.Resource != "arn:aws:s3:::earshot-dev-index-123456789012/listening/*"
      ])
    ])
    error_message = "no action may be a pattern, and nothing is deleted but old tables of listening"
  }

  assert {
    condition = toset(one([
      for statement in jsondecode(aws_iam_role_policy.job.policy).Statement : statement.Resource if statement.Sid == "LeaveWhatWasMade"
    ])) == toset(["arn:aws:s3:::earshot-dev-batch-123456789012/*", "arn:aws:s3:::earshot-dev-index-123456789012/*"])
    error_message = "previews are read, never written"
  }
}
