variable "name" {
  description = "Of the repository, the application and its role, e.g. earshot-dev-batch."
  type        = string
  nullable    = false
}

variable "parameter" {
  description = "Name of the SSM parameter in which `make batch STAGE=…` finds all this."
  type        = string
  nullable    = false
}

variable "image_tag" {
  description = "Of the image in the repository that jobs run in; null before it has been pushed: then there is no application."
  type        = string
  default     = null
}

variable "region" {
  description = "Where all this is."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "Whose it is."
  type        = string
  nullable    = false
}

variable "bucket" {
  description = "Name of the bucket for what jobs make."
  type        = string
  nullable    = false
}

variable "bucket_arn" {
  description = "Its ARN."
  type        = string
  nullable    = false
}

variable "read_bucket_arns" {
  description = "Buckets whose objects jobs may read: previews, manifests, audio of one's own."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "index_bucket_arn" {
  description = "The bucket of index versions, in which jobs build."
  type        = string
  nullable    = false
}

variable "tracks_table_arn" {
  description = "The table that jobs may write embeddings to."
  type        = string
  nullable    = false
}

variable "most_vcpus" {
  description = "All jobs together never have more: what a mistake can cost in an hour is this times 0.05 USD."
  type        = number
  nullable    = false

  validation {
    condition     = var.most_vcpus >= 6 && var.most_vcpus <= 1000
    error_message = "most_vcpus must be 6 (a driver and an executor) to 1,000."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the jobs' logs."
  type        = number
  nullable    = false
}
