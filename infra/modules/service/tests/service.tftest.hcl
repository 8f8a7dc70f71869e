mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this
  values = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/earshot-dev-service" }
}

override_resource {
  target = aws_security_group.balancer
  values = { id = "sg-balancer" }
}

variables {
  name                = "earshot-dev-service"
  image               = "ghcr.io/me/earshot@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  index_bucket        = { name = "earshot-dev-index-1", arn = "arn:aws:s3:::earshot-dev-index-1" }
  vpc_id              = "vpc-1"
  balancer_subnet_ids = ["subnet-1", "subnet-2"]
  task_subnet_ids     = ["subnet-1"]
  certificate_arn     = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
}

run "it_may_read_the_index_and_nothing_else" {
  assert {
    condition = (
      toset(flatten([for one in jsondecode(aws_iam_role_policy.answers[0].policy).Statement : one.Action])) == toset(["s3:GetObject", "s3:ListBucket"])
      && toset(flatten([for one in jsondecode(aws_iam_role_policy.answers[0].policy).Statement : one.Resource])) == toset(["arn:aws:s3:::earshot-dev-index-1", "arn:aws:s3:::earshot-dev-index-1/*"])
    )
    error_message = "the task may read the index bucket only"
  }

  assert {
    condition     = toset(flatten([for one in jsondecode(aws_iam_role_policy.starts.policy).Statement : one.Action])) == toset(["logs:CreateLogStream", "logs:PutLogEvents"])
    error_message = "who starts it writes its log, and pulls from no registry of this account unless one is named"
  }
}

run "its_root_is_read_only_and_it_is_nobody" {
  assert {
    condition = alltrue([for one in jsondecode(aws_ecs_task_definition.this.container_definitions) : (
      one.readonlyRootFilesystem && one.user == "10001:10001" && one.linuxParameters.capabilities.drop == ["ALL"]
      && [for mount in one.mountPoints : mount.containerPath] == ["/cache"]
    )])
    error_message = "read-only root, no powers, one folder to write to"
  }
}

run "it_is_told_to_leave_long_before_it_is_killed" {
  assert {
    condition = alltrue([for one in jsondecode(aws_ecs_task_definition.this.container_definitions) : (
      sum([for value in one.environment : tonumber(value.value) if contains(["EARSHOT_SERVICE_DRAIN_S", "EARSHOT_SERVICE_GRACE_S"], value.name)]) < one.stopTimeout
    )])
    error_message = "draining and finishing must fit into stopTimeout"
  }

  assert {
    condition     = one(aws_lb_target_group.this.health_check).path == "/ready" && aws_lb.this.idle_timeout < 75
    error_message = "the balancer must hear that a task leaves, and end idle connections before the task does"
  }
}

run "tasks_are_asked_by_the_balancer_alone" {
  assert {
    condition     = aws_vpc_security_group_ingress_rule.from_balancer.referenced_security_group_id == "sg-balancer" && aws_vpc_security_group_ingress_rule.from_balancer.cidr_ipv4 == null
    error_message = "no address may reach a task"
  }
}

run "a_front_door_reads_no_bucket" {
  variables {
    index_bucket = null
    command      = ["python", "-m", "api.door"]
    environment  = { EARSHOT_SHARDS = "https://shard-0.example.org,https://shard-1.example.org" }
  }

  assert {
    condition     = length(aws_iam_role_policy.answers) == 0
    error_message = "what asks shards needs nothing of AWS"
  }

  assert {
    condition = alltrue([for one in jsondecode(aws_ecs_task_definition.this.container_definitions) : (
      one.command == ["python", "-m", "api.door"] && !contains([for value in one.environment : value.name], "EARSHOT_INDEX_BUCKET")
    )])
    error_message = "the image with another command"
  }
}

run "a_tag_is_no_image" {
  command = plan

  variables {
    image = "ghcr.io/me/earshot:latest"
  }

  expect_failures = [var.image]
}
