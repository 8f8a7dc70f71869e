# Jobs in bulk on EMR Serverless: an application that costs nothing while no job runs, and a role that can do what jobs do.

locals {
  application = one(aws_emrserverless_application.this)
}

resource "aws_ecr_repository" "this" {
  #checkov:skip=CKV_AWS_136:encrypted with a key that AWS owns; the image holds no secrets, and its sources are public

  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = true # it is built from the checkout at any time

  image_scanning_configuration {
    scan_on_push = true
  }
}

# EMR Serverless fetches the image itself, for this application and no other.
resource "aws_ecr_repository_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AllowTheApplication"
      Effect    = "Allow"
      Principal = { Service = "emr-serverless.amazonaws.com" }
      Action    = ["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"]
      Condition = {
        ArnLike      = { "aws:SourceArn" = "arn:aws:emr-serverless:${var.region}:${var.account_id}:/applications/*" }
        StringEquals = { "aws:SourceAccount" = var.account_id }
      }
    }]
  })
}

resource "aws_emrserverless_application" "this" {
  count      = var.image_tag == null ? 0 : 1
  depends_on = [aws_ecr_repository_policy.this]

  name          = var.name
  release_label = "emr-spark-8.0.0"
  type          = "spark"
  architecture  = "ARM64"

  image_configuration {
    image_uri = "${aws_ecr_repository.this.repository_url}:${var.image_tag}"
  }

  # A worker of 4 vCPUs has 8 GB of memory and 20 GB of disk.
  maximum_capacity {
    cpu    = "${var.most_vcpus} vCPU"
    memory = "${2 * var.most_vcpus} GB"
    disk   = "${20 * ceil(var.most_vcpus / 2)} GB"
  }

  auto_start_configuration {
    enabled = true
  }

  auto_stop_configuration {
    enabled              = true
    idle_timeout_minutes = 5
  }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:encrypted with a key that AWS owns; the lines hold keys of objects and counts
  #checkov:skip=CKV_AWS_338:a job's log is of use until its output has been looked at

  name              = "/aws/emr-serverless/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "job" {
  name = "${var.name}-job"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "emr-serverless.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnLike      = { "aws:SourceArn" = "arn:aws:emr-serverless:${var.region}:${var.account_id}:/applications/*" }
        StringEquals = { "aws:SourceAccount" = var.account_id }
      }
    }]
  })
}

resource "aws_iam_role_policy" "job" {
  name = "what-jobs-do"
  role = aws_iam_role.job.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ListWhatIsRead"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = concat(var.read_bucket_arns, [var.bucket_arn, var.index_bucket_arn])
      },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = [for arn in concat(var.read_bucket_arns, [var.bucket_arn, var.index_bucket_arn]) : "${arn}/*"]
      },
      {
        Sid      = "LeaveWhatWasMade"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:AbortMultipartUpload"]
        Resource = ["${var.bucket_arn}/*", "${var.index_bucket_arn}/*"]
      },
      { # tables of what is played together that nobody needs any more
        Sid      = "RemoveOldTables"
        Effect   = "Allow"
        Action   = "s3:DeleteObject"
        Resource = "${var.index_bucket_arn}/listening/*"
      },
      {
        Sid      = "StoreEmbeddings"
        Effect   = "Allow"
        Action   = "dynamodb:UpdateItem"
        Resource = var.tracks_table_arn
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.this.arn}:*"
      },
      {
        Sid      = "FindTheLog" # EMR Serverless looks for the group by listing all
        Effect   = "Allow"
        Action   = "logs:DescribeLogGroups"
        Resource = "arn:aws:logs:${var.region}:${var.account_id}:*"
      },
    ]
  })
}

resource "aws_ssm_parameter" "this" {
  #checkov:skip=CKV2_AWS_34:names and ARNs are no secrets
  count = var.image_tag == null ? 0 : 1

  name = var.parameter
  type = "String"
  value = jsonencode({
    application_id = local.application.id
    role_arn       = aws_iam_role.job.arn
    log_group      = aws_cloudwatch_log_group.this.name
    bucket         = var.bucket
  })
}
