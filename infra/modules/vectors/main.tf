# A copy of the index that Amazon S3 Vectors searches, if asked for (docs/operations.md, docs/adr/0038): the vector bucket,
# what the API may do with it, and what whoever runs `make vectors` may. Its indexes come and go with versions of the
# index; nothing here holds anything that cannot be copied again.

resource "aws_s3vectors_vector_bucket" "this" {
  vector_bucket_name = var.name
  force_destroy      = true

  encryption_configuration = [{
    sse_type    = "AES256"
    kms_key_arn = null
  }]
}

locals {
  indexes = "${aws_s3vectors_vector_bucket.this.vector_bucket_arn}/index/earshot-*"
}

resource "aws_iam_role_policy" "reader" {
  name = "search-by-s3-vectors"
  role = var.reader_role_name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ # what comes back of a track wants both
      Sid      = "Search"
      Effect   = "Allow"
      Action   = ["s3vectors:QueryVectors", "s3vectors:GetVectors"]
      Resource = local.indexes
    }]
  })
}

resource "aws_iam_policy" "writer" {
  name        = "${var.name}-writer"
  description = "What make vectors does"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Copy"
        Effect = "Allow"
        Action = [
          "s3vectors:CreateIndex", "s3vectors:GetIndex", "s3vectors:DeleteIndex", # a transform, an index
          "s3vectors:PutVectors", "s3vectors:DeleteVectors",
          "s3vectors:QueryVectors", "s3vectors:GetVectors", # the gate
        ]
        Resource = local.indexes
      },
      {
        Sid      = "FindWhatNobodyAsksAnyMore"
        Effect   = "Allow"
        Action   = "s3vectors:ListIndexes"
        Resource = aws_s3vectors_vector_bucket.this.vector_bucket_arn
      },
      {
        Sid      = "ReadVersions"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "${var.index_bucket_arn}/*"
      },
      { # without it S3 says 403 of an object that is not there
        Sid      = "MissWhatIsNotThere"
        Effect   = "Allow"
        Action   = "s3:ListBucket"
        Resource = var.index_bucket_arn
      },
      {
        Sid      = "SayWhatServes"
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = "${var.index_bucket_arn}/s3-vectors.json"
      },
      {
        Sid      = "FindTheStage"
        Effect   = "Allow"
        Action   = "ssm:GetParametersByPath"
        Resource = "arn:aws:ssm:${var.region}:${var.account_id}:parameter/earshot/${var.stage}/"
      },
    ]
  })
}
