mock_provider "aws" {}

override_resource {
  target = aws_s3_bucket.this
  values = { arn = "arn:aws:s3:::a-bucket", id = "a-bucket" }
}

variables {
  name = "a-bucket"
}

run "nobody_outside_can_see_it" {
  assert {
    condition = (
      aws_s3_bucket_public_access_block.this.block_public_acls
      && aws_s3_bucket_public_access_block.this.block_public_policy
      && aws_s3_bucket_public_access_block.this.ignore_public_acls
      && aws_s3_bucket_public_access_block.this.restrict_public_buckets
      && aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    )
    error_message = "the bucket must be private"
  }
}

run "it_is_encrypted_at_rest_and_in_transit" {
  assert {
    condition = one(flatten([
      for rule in aws_s3_bucket_server_side_encryption_configuration.this.rule :
      [for default in rule.apply_server_side_encryption_by_default : default.sse_algorithm]
    ])) == "AES256"
    error_message = "the bucket must be encrypted"
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Effect == "Deny" && statement.Principal == "*" && statement.Action == "s3:*"
      && toset(statement.Resource) == toset(["arn:aws:s3:::a-bucket", "arn:aws:s3:::a-bucket/*"])
      && statement.Condition.Bool["aws:SecureTransport"] == "false"
    ])
    error_message = "plain HTTP must be denied for the bucket and its objects"
  }
}

run "objects_expire_only_when_asked" {
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id] == ["abort-unfinished-uploads"]
    error_message = "nothing but unfinished uploads may be removed"
  }
}

run "objects_expire_after_a_day" {
  variables {
    expire_after_days = 1
  }

  assert {
    condition = anytrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      try(rule.id == "expire-objects" && rule.status == "Enabled" && rule.expiration[0].days == 1, false)
    ])
    error_message = "objects must expire after a day"
  }
}

run "old_versions_are_kept_for_a_while" {
  variables {
    versioned         = true
    keep_deleted_days = 3
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "the bucket must be versioned"
  }

  assert {
    condition = anytrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      try(rule.id == "expire-noncurrent-versions" && rule.noncurrent_version_expiration[0].noncurrent_days == 3, false)
    ])
    error_message = "old versions must expire"
  }
}

run "a_page_may_upload_only_where_that_is_asked_for" {
  assert {
    condition     = length(aws_s3_bucket_cors_configuration.this) == 0
    error_message = "no page may upload by default"
  }
}

run "a_page_may_put_and_nothing_else" {
  variables {
    uploads_from_origins = ["https://earshot.example.org"]
  }

  assert {
    condition = (
      one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_methods == toset(["PUT"])
      && one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_origins == toset(["https://earshot.example.org"])
      && one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_headers == toset(["content-type", "if-none-match"])
    )
    error_message = "a page may only put"
  }
}

run "a_name_that_is_no_bucket_name_is_refused" {
  command = plan

  variables {
    name = "A_Bucket"
  }

  expect_failures = [var.name]
}
