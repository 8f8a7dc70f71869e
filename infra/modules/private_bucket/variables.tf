variable "name" {
  description = "The bucket's name, unique in all of AWS."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 63 lower-case letters, digits or hyphens."
  }
}

variable "versioned" {
  description = "Keep what is overwritten or deleted for keep_deleted_days."
  type        = bool
  default     = false
  nullable    = false
}

variable "keep_deleted_days" {
  description = "Days after which a noncurrent version of an object is removed. Used where versioned."
  type        = number
  default     = 7
  nullable    = false
}

variable "expire_after_days" {
  description = "Days after which every object is removed; null for never."
  type        = number
  default     = null
}

variable "force_destroy" {
  description = "Let `terraform destroy` remove the bucket with everything in it."
  type        = bool
  default     = false
  nullable    = false
}

variable "uploads_from_origins" {
  description = "Origins of web pages that may put objects at signed addresses."
  type        = list(string)
  default     = []
  nullable    = false
}
