variable "name" {
  description = "Of everything here, e.g. earshot-dev-service."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.name))
    error_message = "name must be 1 to 32 lower-case letters, digits or hyphens, as load balancers want."
  }
}

variable "image" {
  description = "The API's image with its digest: ghcr.io/OWNER/earshot@sha256:…"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9._/:-]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be named by its digest (…@sha256:…): what a tag means can change under a service."
  }
}

variable "image_repository_arn" {
  description = "ARN of the ECR repository that the image is in; null: a public one elsewhere."
  type        = string
  default     = null
}

variable "index_bucket" {
  description = "The bucket of the index; null: what runs reads none, as the front door of shards."
  type        = object({ name = string, arn = string })
  default     = null
}

variable "command" {
  description = "What the container runs: the API, or python -m api.door (docs/scaling.md)."
  type        = list(string)
  default     = ["python", "-m", "api"]
  nullable    = false
}

variable "vpc_id" {
  description = "The network."
  type        = string
  nullable    = false
}

variable "balancer_subnet_ids" {
  description = "Subnets of the load balancer, in two zones at least."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.balancer_subnet_ids) >= 2
    error_message = "a load balancer stands in two zones at least."
  }
}

variable "task_subnet_ids" {
  description = "Subnets of the tasks."
  type        = list(string)
  nullable    = false
}

variable "certificate_arn" {
  description = "Certificate (ACM) of the name under which the service is asked."
  type        = string
  nullable    = false
}

variable "allowed_cidrs" {
  description = "From where the load balancer may be asked."
  type        = list(string)
  default     = ["0.0.0.0/0"]
  nullable    = false
}

variable "internal" {
  description = "Whether the load balancer is reached from the network alone."
  type        = bool
  default     = false
  nullable    = false
}

variable "assign_public_ip" {
  description = "Whether tasks get an address of their own: where the subnets have no NAT gateway."
  type        = bool
  default     = true
  nullable    = false
}

variable "architecture" {
  description = "Processor of the tasks."
  type        = string
  default     = "ARM64"
  nullable    = false

  validation {
    condition     = contains(["ARM64", "X86_64"], var.architecture)
    error_message = "architecture must be ARM64 or X86_64."
  }
}

variable "cpu" {
  description = "Of a task, in 1,024ths of a processor."
  type        = number
  default     = 1024
  nullable    = false
}

variable "memory_mib" {
  description = "Of a task: an index is fast while it fits."
  type        = number
  default     = 4096
  nullable    = false
}

variable "disk_gib" {
  description = "Of a task: twice the reader's files (docs/scaling.md), as a version is opened beside the one before."
  type        = number
  default     = 21
  nullable    = false

  validation {
    condition     = var.disk_gib >= 21 && var.disk_gib <= 200
    error_message = "disk_gib must be 21 to 200, as Fargate has it."
  }
}

variable "tasks" {
  description = "How many run."
  type        = number
  default     = 2
  nullable    = false
}

variable "environment" {
  description = "More settings (config/api.env.example), none of them secret."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the log."
  type        = number
  default     = 30
  nullable    = false
}
