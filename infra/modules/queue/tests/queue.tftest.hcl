mock_provider "aws" {}

override_resource {
  target = aws_sqs_queue.this
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:work", url = "https://queues/work" }
}

override_resource {
  target = aws_sqs_queue.dlq
  values = { arn = "arn:aws:sqs:eu-central-1:123456789012:work-dlq", url = "https://queues/work-dlq" }
}

variables {
  name                       = "work"
  visibility_timeout_seconds = 60
  max_receive_count          = 5
  retention_days             = 14
  account_id                 = "123456789012"
}

run "what_fails_five_times_goes_to_the_dead_letter_queue" {
  assert {
    condition = jsondecode(aws_sqs_queue.this.redrive_policy) == {
      deadLetterTargetArn = "arn:aws:sqs:eu-central-1:123456789012:work-dlq"
      maxReceiveCount     = 5
    }
    error_message = "the redrive policy must name the dead-letter queue"
  }

  assert {
    condition = (
      aws_sqs_queue_redrive_allow_policy.dlq.queue_url == "https://queues/work-dlq"
      && jsondecode(aws_sqs_queue_redrive_allow_policy.dlq.redrive_allow_policy).sourceQueueArns == ["arn:aws:sqs:eu-central-1:123456789012:work"]
    )
    error_message = "only this queue may send to its dead-letter queue"
  }

  assert {
    condition     = aws_sqs_queue.dlq.name == "work-dlq" && aws_sqs_queue.dlq.message_retention_seconds == 1209600
    error_message = "dead letters must be kept for 14 days"
  }
}

run "both_queues_are_encrypted_at_rest_and_in_transit" {
  assert {
    condition     = aws_sqs_queue.this.sqs_managed_sse_enabled && aws_sqs_queue.dlq.sqs_managed_sse_enabled
    error_message = "both queues must be encrypted"
  }

  assert {
    condition = alltrue([
      for policy in [aws_sqs_queue_policy.this.policy, aws_sqs_queue_policy.dlq.policy] : anytrue([
        for statement in jsondecode(policy).Statement :
        statement.Effect == "Deny" && statement.Action == "sqs:*" && statement.Condition.Bool["aws:SecureTransport"] == "false"
      ])
    ])
    error_message = "plain HTTP must be denied"
  }
}

run "too_few_attempts_are_refused" {
  command = plan

  variables {
    max_receive_count = 1
  }

  expect_failures = [var.max_receive_count]
}

run "a_retention_that_sqs_does_not_know_is_refused" {
  command = plan

  variables {
    retention_days = 15
  }

  expect_failures = [var.retention_days]
}
