# In front of the API, if asked for: CloudFront keeps answers as long as their Cache-Control says, and WAF turns away an
# address that asks too often. The API's own address stays open: what it costs is bounded by its throttling.

data "aws_cloudfront_origin_request_policy" "all_but_host" {
  name = "Managed-AllViewerExceptHostHeader" # API Gateway knows itself by its own host name only
}

resource "aws_cloudfront_cache_policy" "as_the_api_says" {
  name        = var.name
  min_ttl     = 0
  default_ttl = 0 # without Cache-Control nothing is kept
  max_ttl     = 86400

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true

    cookies_config {
      cookie_behavior = "none"
    }

    # An answer to who has a key, or to a page elsewhere, is no answer to others.
    headers_config {
      header_behavior = "whitelist"

      headers {
        items = ["Origin", "X-Api-Key"]
      }
    }

    query_strings_config {
      query_string_behavior = "all"
    }
  }
}

resource "aws_cloudfront_distribution" "this" {
  #checkov:skip=CKV_AWS_86:an access log would keep addresses of people; the API's own tells paths and times
  #checkov:skip=CKV_AWS_174:a minimum TLS version needs a certificate of one's own; CloudFront's own name takes TLS 1.2 and 1.3 of every current browser
  #checkov:skip=CKV_AWS_305:the API answers at / itself
  #checkov:skip=CKV_AWS_310:there is one origin, whose data no other has
  #checkov:skip=CKV_AWS_374:open to the whole world on purpose
  #checkov:skip=CKV2_AWS_32:the API sets its security headers itself, for those who ask it directly, too
  #checkov:skip=CKV2_AWS_42:a certificate needs a domain, which not everybody has
  #checkov:skip=CKV2_AWS_47:Log4j is for Java; here is Python

  enabled         = true
  comment         = var.name
  http_version    = "http2and3"
  is_ipv6_enabled = true
  price_class     = "PriceClass_100"
  web_acl_id      = aws_wafv2_web_acl.this.arn

  origin {
    origin_id   = "api"
    domain_name = var.origin_host

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id         = "api"
    viewer_protocol_policy   = "redirect-to-https"
    allowed_methods          = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = aws_cloudfront_cache_policy.as_the_api_says.id
    origin_request_policy_id = data.aws_cloudfront_origin_request_policy.all_but_host.id
    compress                 = true
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

resource "aws_wafv2_web_acl" "this" {
  #checkov:skip=CKV_AWS_192:Log4j is for Java; here is Python
  #checkov:skip=CKV2_AWS_31:a log would keep addresses of people

  name   = var.name
  scope  = "CLOUDFRONT"
  region = "us-east-1" # where CloudFront's belong, wherever the stage is

  default_action {
    allow {}
  }

  rule {
    name     = "one-address-too-often"
    priority = 0

    action {
      block {
        custom_response {
          response_code = 429
        }
      }
    }

    statement {
      rate_based_statement {
        limit              = var.requests_in_five_minutes
        aggregate_key_type = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-one-address-too-often"
      sampled_requests_enabled   = false # samples hold addresses
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.name
    sampled_requests_enabled   = false
  }
}
