variable "prefix" {
  description = "First part of every name, e.g. earshot-dev; the functions are called <prefix>-<function>."
  type        = string
  nullable    = false
}

variable "stage" {
  description = "Stage whose cost the budget watches, by tag."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the dashboard's metrics."
  type        = string
  nullable    = false
}

variable "queues" {
  description = "Work queues by key, with the name of each and of its dead-letter queue."
  type        = map(object({ name = string, dlq_name = string }))
  nullable    = false

  validation {
    condition     = alltrue([for key in ["crawl", "fetch", "extract", "changes", "plays"] : contains(keys(var.queues), key)])
    error_message = "queues must hold crawl, fetch, extract, changes and plays."
  }
}

variable "index_failed_queue_name" {
  description = "Queue of stream records that could not be indexed."
  type        = string
  nullable    = false
}

variable "alarm_email" {
  description = "Who hears of alarms and of the budget; null for nobody."
  type        = string
  default     = null
}

variable "monthly_budget_usd" {
  description = "Monthly sum to warn about; null for none."
  type        = number
  default     = null
}

variable "cost_anomaly_usd" {
  description = "Write to alarm_email when cost is by so much above what AWS expects; null for never."
  type        = number
  default     = null
}

variable "concurrent_executions" {
  description = "Functions that the account may run at a time in this region."
  type        = number
  default     = 1000
  nullable    = false
}
