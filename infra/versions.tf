terraform {
  required_version = ">= 1.10.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = var.region

  # `-var endpoint=http://127.0.0.1:4566` applies the same configuration to an embedded AWS, which knows no accounts.
  access_key                  = local.embedded ? "test" : null
  secret_key                  = local.embedded ? "test" : null
  skip_credentials_validation = local.embedded
  skip_metadata_api_check     = local.embedded
  skip_requesting_account_id  = local.embedded
  s3_use_path_style           = local.embedded

  dynamic "endpoints" {
    for_each = local.embedded ? [var.endpoint] : []

    content {
      budgets        = endpoints.value
      cloudwatch     = endpoints.value
      cloudwatchlogs = endpoints.value
      dynamodb       = endpoints.value
      iam            = endpoints.value
      s3             = endpoints.value
      scheduler      = endpoints.value
      sfn            = endpoints.value
      sns            = endpoints.value
      sqs            = endpoints.value
      ssm            = endpoints.value
      sts            = endpoints.value
    }
  }

  default_tags {
    tags = merge({ project = "earshot", stage = var.stage, managed-by = "terraform" }, var.tags)
  }
}
