mock_provider "aws" {}

override_resource {
  target = aws_wafv2_web_acl.this
  values = { arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/earshot-dev-edge/1" }
}

variables {
  name                     = "earshot-dev-edge"
  origin_host              = "abc123.execute-api.eu-central-1.amazonaws.com"
  requests_in_five_minutes = 1500
}

run "an_address_that_asks_too_often_is_turned_away_before_it_costs_anything" {
  assert {
    condition = (
      one(one(one(aws_wafv2_web_acl.this.rule).statement).rate_based_statement).limit == 1500
      && one(one(one(aws_wafv2_web_acl.this.rule).statement).rate_based_statement).aggregate_key_type == "IP"
      && one(one(one(one(aws_wafv2_web_acl.this.rule).action).block).custom_response).response_code == 429
      && aws_wafv2_web_acl.this.scope == "CLOUDFRONT"
      && aws_wafv2_web_acl.this.region == "us-east-1"
      && aws_cloudfront_distribution.this.web_acl_id == "arn:aws:wafv2:us-east-1:123456789012:global/webacl/earshot-dev-edge/1"
    )
    error_message = "the distribution must be behind a rate rule per address"
  }
}

run "answers_are_kept_as_long_as_the_api_says_and_for_whom_they_were_made" {
  assert {
    condition = (
      aws_cloudfront_cache_policy.as_the_api_says.default_ttl == 0
      && aws_cloudfront_cache_policy.as_the_api_says.min_ttl == 0
      && one(one(one(aws_cloudfront_cache_policy.as_the_api_says.parameters_in_cache_key_and_forwarded_to_origin).headers_config).headers).items == toset(["Origin", "X-Api-Key"])
      && one(one(aws_cloudfront_cache_policy.as_the_api_says.parameters_in_cache_key_and_forwarded_to_origin).query_strings_config).query_string_behavior == "all"
    )
    error_message = "only Cache-Control decides, and keys, origins and parameters tell answers apart"
  }

  assert {
    condition     = toset(one(aws_cloudfront_distribution.this.default_cache_behavior).cached_methods) == toset(["GET", "HEAD"])
    error_message = "only reads may be kept"
  }
}

run "nothing_travels_in_the_clear_and_no_addresses_are_kept" {
  assert {
    condition = (
      one(one(aws_cloudfront_distribution.this.origin).custom_origin_config).origin_protocol_policy == "https-only"
      && one(aws_cloudfront_distribution.this.default_cache_behavior).viewer_protocol_policy == "redirect-to-https"
      && length(aws_cloudfront_distribution.this.logging_config) == 0
      && !one(aws_wafv2_web_acl.this.visibility_config).sampled_requests_enabled
    )
    error_message = "https on both sides, and no logs or samples with addresses"
  }
}

run "fewer_requests_than_waf_counts_are_refused" {
  command = plan

  variables {
    requests_in_five_minutes = 5
  }

  expect_failures = [var.requests_in_five_minutes]
}
