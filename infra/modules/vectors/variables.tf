variable "name" {
  description = "Of the vector bucket: 3 to 63 lower-case letters, digits and hyphens."
  type        = string
}

variable "stage" {
  description = "Whose parameters make vectors reads."
  type        = string
}

variable "region" {
  description = "Where the parameters are."
  type        = string
}

variable "account_id" {
  description = "Whose parameters these are."
  type        = string
}

variable "index_bucket_arn" {
  description = "The bucket of index versions."
  type        = string
}

variable "reader_role_name" {
  description = "The role of the function api, which asks."
  type        = string
}
