mock_provider "aws" {}

override_resource {
  target = aws_s3vectors_vector_bucket.this
  values = { vector_bucket_arn = "arn:aws:s3vectors:eu-central-1:123456789012:bucket/earshot-dev-vectors" }
}

variables {
  name             = "earshot-dev-vectors"
  stage            = "dev"
  region           = "eu-central-1"
  account_id       = "123456789012"
  index_bucket_arn = "arn:aws:s3:::earshot-dev-index-123456789012"
  reader_role_name = "earshot-dev-ApiRole-1"
}

run "the_api_may_ask_and_nothing_else" {
  assert {
    condition = jsondecode(aws_iam_role_policy.reader.policy).Statement == [{
      Sid      = "Search"
      Effect   = "Allow"
      Action   = ["s3vectors:QueryVectors", "s3vectors:GetVectors"]
      Resource = "arn:aws:s3vectors:eu-central-1:123456789012:bucket/earshot-dev-vectors/index/earshot-*"
    }]
    error_message = "the API may do more than search, or elsewhere"
  }

  assert {
    condition     = aws_iam_role_policy.reader.role == "earshot-dev-ApiRole-1"
    error_message = "somebody else may ask"
  }
}

run "the_writer_moves_one_object_of_the_index_bucket_and_makes_no_buckets" {
  assert {
    condition = [for statement in jsondecode(aws_iam_policy.writer.policy).Statement : statement.Resource if statement.Action == "s3:PutObject"] == [
      "arn:aws:s3:::earshot-dev-index-123456789012/s3-vectors.json"
    ]
    error_message = "the copy's writer may overwrite versions of the index"
  }

  assert {
    condition = !anytrue([
      for word in ["s3vectors:*", "VectorBucket", "Policy\"", "s3:DeleteObject"] : strcontains(aws_iam_policy.writer.policy, word)
    ])
    error_message = "more than copying takes"
  }
}
