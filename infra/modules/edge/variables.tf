variable "name" {
  description = "Of the distribution's policies and of the web ACL, e.g. earshot-dev-edge."
  type        = string
  nullable    = false
}

variable "origin_host" {
  description = "Host of the API, as `make deploy` prints it: <id>.execute-api.<region>.amazonaws.com."
  type        = string
  nullable    = false
}

variable "requests_in_five_minutes" {
  description = "What one address may ask in five minutes."
  type        = number
  nullable    = false

  validation {
    condition     = var.requests_in_five_minutes >= 10 && var.requests_in_five_minutes <= 2000000000
    error_message = "requests_in_five_minutes must be 10 to 2,000,000,000, as WAF counts no fewer."
  }
}
