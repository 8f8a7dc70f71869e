variable "name" {
  description = "The queue's name; its dead-letter queue is called <name>-dlq (and .fifo)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,76}$", var.name))
    error_message = "name must be 1 to 76 letters, digits, hyphens or underscores."
  }
}

variable "visibility_timeout_seconds" {
  description = "How long a received message stays hidden: at least six times the timeout of the function that reads it."
  type        = number
  nullable    = false

  validation {
    condition     = var.visibility_timeout_seconds >= 0 && var.visibility_timeout_seconds <= 43200
    error_message = "visibility_timeout_seconds must be 0 to 43200."
  }
}

variable "max_receive_count" {
  description = "Attempts before a message moves to the dead-letter queue."
  type        = number
  nullable    = false

  validation {
    condition     = var.max_receive_count >= 5 && var.max_receive_count <= 1000
    error_message = "max_receive_count must be 5 to 1000: throttled Lambda pollers use up receives without running the function."
  }
}

variable "retention_days" {
  description = "How long both queues keep a message; SQS allows 14 days at most."
  type        = number
  nullable    = false

  validation {
    condition     = var.retention_days >= 1 && var.retention_days <= 14
    error_message = "retention_days must be 1 to 14."
  }
}

variable "notified_by_buckets" {
  description = "ARNs of buckets whose notifications this queue takes."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "account_id" {
  description = "Account that owns those buckets: a bucket of the same name in another account may not send."
  type        = string
  nullable    = false
}

variable "fifo" {
  description = "Whether it hands out the messages of a group one after the other; its name then ends in .fifo."
  type        = bool
  default     = false
  nullable    = false
}
