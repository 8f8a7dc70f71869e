# The API as containers on Fargate, from the index bucket alone, behind a load balancer: for indexes that no function holds
# (docs/scaling.md). It may read the index, pull its image and write its log, and nothing else.

locals {
  port  = 8000
  alive = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:${local.port}/health', timeout=5)"
}

data "aws_region" "current" {}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every log group; logs hold track ids and no secrets
  #checkov:skip=CKV_AWS_338:30 days are enough to find a fault, and keep the bill and the data small

  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:Container Insights cost more than the service; its load balancer counts requests, times and failures

  name = var.name
}

resource "aws_iam_role" "starts" {
  name               = "${var.name}-starts"
  assume_role_policy = local.for_tasks
}

resource "aws_iam_role_policy" "starts" {
  name = "starts"
  role = aws_iam_role.starts.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{ Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.this.arn}:*"] }],
      var.image_repository_arn == null ? [] : [
        { Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] }, # knows no resources
        { Effect = "Allow", Action = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource = [var.image_repository_arn] },
      ],
    )
  })
}

resource "aws_iam_role" "answers" {
  name               = "${var.name}-answers"
  assume_role_policy = local.for_tasks
}

moved {
  from = aws_iam_role_policy.answers
  to   = aws_iam_role_policy.answers[0]
}

resource "aws_iam_role_policy" "answers" {
  count = var.index_bucket == null ? 0 : 1

  name = "answers"
  role = aws_iam_role.answers.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:GetObject"], Resource = ["${var.index_bucket.arn}/*"] },
      # Without it S3 says of an object that is not there that it is forbidden.
      { Effect = "Allow", Action = ["s3:ListBucket"], Resource = [var.index_bucket.arn] },
    ]
  })
}

locals {
  for_tasks = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory_mib
  execution_role_arn       = aws_iam_role.starts.arn
  task_role_arn            = aws_iam_role.answers.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  ephemeral_storage {
    size_in_gib = var.disk_gib
  }

  volume {
    name = "cache"
  }

  container_definitions = jsonencode([{
    name                   = "api"
    image                  = var.image
    command                = var.command
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    linuxParameters        = { capabilities = { drop = ["ALL"] }, initProcessEnabled = false }
    mountPoints            = [{ sourceVolume = "cache", containerPath = "/cache", readOnly = false }]
    portMappings           = [{ containerPort = local.port, protocol = "tcp" }]
    stopTimeout            = 60
    healthCheck = {
      command     = ["CMD", "python", "-c", local.alive]
      interval    = 10
      timeout     = 6
      retries     = 3
      startPeriod = 300
    }
    environment = [for name, value in merge(var.environment, var.index_bucket == null ? {} : { EARSHOT_INDEX_BUCKET = var.index_bucket.name }, {
      AWS_DEFAULT_REGION          = data.aws_region.current.region
      EARSHOT_STAGE               = var.name
      EARSHOT_SERVICE_DRAIN_S     = "20" # two health checks of the load balancer, and what it takes to tell
      EARSHOT_SERVICE_GRACE_S     = "30"
      POWERTOOLS_METRICS_DISABLED = "true"
    }) : { name = name, value = value }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = data.aws_region.current.region
        awslogs-stream-prefix = "api"
      }
    }
  }])
}

resource "aws_security_group" "balancer" {
  name        = "${var.name}-balancer"
  description = "Who may ask the load balancer of ${var.name}"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "asked" {
  for_each = toset(var.allowed_cidrs)

  security_group_id = aws_security_group.balancer.id
  description       = "HTTPS"
  cidr_ipv4         = each.value
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "to_tasks" {
  security_group_id            = aws_security_group.balancer.id
  description                  = "To the tasks"
  referenced_security_group_id = aws_security_group.tasks.id
  from_port                    = local.port
  to_port                      = local.port
  ip_protocol                  = "tcp"
}

resource "aws_security_group" "tasks" {
  name        = "${var.name}-tasks"
  description = "Tasks of ${var.name}: asked by the load balancer, asking for the index and the image"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "from_balancer" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "From the load balancer"
  referenced_security_group_id = aws_security_group.balancer.id
  from_port                    = local.port
  to_port                      = local.port
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "to_aws" {
  security_group_id = aws_security_group.tasks.id
  description       = "S3, the registry of the image, the log"
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:an access log would keep addresses of people
  #checkov:skip=CKV_AWS_150:it holds nothing; who removes the service wants it gone
  #checkov:skip=CKV2_AWS_28:reads of a public catalogue; who wants a web firewall puts CloudFront before it (modules/edge)

  name                       = var.name
  internal                   = var.internal
  load_balancer_type         = "application"
  subnets                    = var.balancer_subnet_ids
  security_groups            = [aws_security_group.balancer.id]
  drop_invalid_header_fields = true
  idle_timeout               = 60 # less than the service keeps idle connections, which must not end them under a request
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:within the network, between security groups that let nobody else

  name                 = var.name
  vpc_id               = var.vpc_id
  target_type          = "ip"
  port                 = local.port
  protocol             = "HTTP"
  deregistration_delay = 20

  health_check {
    path                = "/ready"
    matcher             = "200"
    interval            = 5
    timeout             = 4
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_ecs_service" "this" {
  #checkov:skip=CKV_AWS_333:without a NAT gateway (35 USD a month) tasks reach S3 and the registry by an address of their own; only the load balancer reaches them

  depends_on = [aws_lb_listener.https]

  name                               = "api"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.this.arn
  launch_type                        = "FARGATE"
  desired_count                      = var.tasks
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 600 # the index is downloaded before the port is open
  wait_for_steady_state              = true

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.task_subnet_ids
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = var.assign_public_ip
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = "api"
    container_port   = local.port
  }
}
