# A bucket that nobody outside the account can see: encrypted, TLS-only, no ACLs, with an expiry for what is left over.

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:CloudTrail data events tell more and can be switched on for the account; a log bucket would need looking after itself
  #checkov:skip=CKV_AWS_145:encrypted with a key that AWS owns; a customer key costs 1 USD a month and per request, and keeps out nobody who is not kept out by IAM
  #checkov:skip=CKV_AWS_144:the catalogue can be rebuilt from the table, which has point-in-time recovery, and exported to a file
  #checkov:skip=CKV_AWS_21:versioned where it matters (index); previews live for minutes and must not outlive their extraction, and plays not the wish of their listener
  #checkov:skip=CKV2_AWS_62:previews notify the extract queue (main.tf); nobody waits for objects of the index or of plays

  bucket        = var.name
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = var.versioned ? "Enabled" : "Disabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  #checkov:skip=CKV_AWS_300:the first rule does exactly that, for every prefix; the check overlooks an empty filter

  # A rule on noncurrent versions is refused until the bucket is versioned.
  depends_on = [aws_s3_bucket_versioning.this]

  bucket = aws_s3_bucket.this.id

  rule {
    id     = "abort-unfinished-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  dynamic "rule" {
    for_each = var.expire_after_days == null ? [] : [var.expire_after_days]

    content {
      id     = "expire-objects"
      status = "Enabled"

      filter {}

      expiration {
        days = rule.value
      }
    }
  }

  dynamic "rule" {
    for_each = var.versioned ? [var.keep_deleted_days] : []

    content {
      id     = "expire-noncurrent-versions"
      status = "Enabled"

      filter {}

      noncurrent_version_expiration {
        noncurrent_days = rule.value
      }

      expiration {
        expired_object_delete_marker = true
      }
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  # The policy is refused while the public access block is being written.
  depends_on = [aws_s3_bucket_public_access_block.this]

  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyWithoutTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

# Lets a page put an object at an address that was signed for it; without a signature the bucket stays shut.
resource "aws_s3_bucket_cors_configuration" "this" {
  count = length(var.uploads_from_origins) == 0 ? 0 : 1

  bucket = aws_s3_bucket.this.id

  cors_rule {
    allowed_methods = ["PUT"]
    allowed_origins = var.uploads_from_origins
    allowed_headers = ["content-type", "if-none-match"]
    max_age_seconds = 3600
  }
}
