variable "stage" {
  description = "Deployment stage, part of every name: dev, prod, or one's own."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.stage))
    error_message = "stage must be 1 to 16 lower-case letters, digits or hyphens and start with a letter, as bucket names need."
  }
}

variable "region" {
  description = "AWS region of everything, e.g. eu-central-1. serverless.yml must be deployed into the same one."
  type        = string
  default     = "eu-central-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must look like eu-central-1."
  }
}

variable "endpoint" {
  description = "Address of an embedded AWS (http://127.0.0.1:4566); null for the real one."
  type        = string
  default     = null

  validation {
    condition     = var.endpoint == null || can(regex("^https?://[^/]+$", var.endpoint))
    error_message = "endpoint must be http(s)://host:port without a path, or null."
  }
}

variable "protect_data" {
  description = "Refuse to delete the tables and a non-empty index bucket. `make destroy` turns it off first."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the functions' logs."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400], var.log_retention_days)
    error_message = "log_retention_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400."
  }
}

variable "alarm_email" {
  description = "Address that alarms and budget warnings are sent to; null for none (alarms still show in the console)."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@[:space:]]+@[^@[:space:]]+$", var.alarm_email))
    error_message = "alarm_email must be an e-mail address, or null."
  }
}

variable "monthly_budget_usd" {
  description = "Warn alarm_email at 80 % and when the forecast passes this sum; null for no budget."
  type        = number
  default     = null

  validation {
    condition     = var.monthly_budget_usd == null || try(var.monthly_budget_usd > 0, false)
    error_message = "monthly_budget_usd must be positive, or null."
  }

  validation {
    condition     = var.monthly_budget_usd == null || var.alarm_email != null
    error_message = "a budget warns somebody: set alarm_email with monthly_budget_usd."
  }
}

variable "cost_anomaly_usd" {
  description = "Write to alarm_email when a day's cost is by so much above what AWS expects of the stage; null for never."
  type        = number
  default     = null

  validation {
    condition     = var.cost_anomaly_usd == null || try(var.cost_anomaly_usd > 0, false)
    error_message = "cost_anomaly_usd must be positive, or null."
  }

  validation {
    condition     = var.cost_anomaly_usd == null || var.alarm_email != null
    error_message = "an anomaly is written to somebody: set alarm_email with cost_anomaly_usd."
  }
}

variable "tags" {
  description = "Tags added to every resource beside project, stage and managed-by."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "page_origins" {
  description = "Origins of the web pages that may upload clips as queries, e.g. [\"https://earshot.example.org\"]."
  type        = list(string)
  default     = ["*"] # the API's own address is not known here; what protects the bucket is the signature
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.page_origins : origin == "*" || can(regex("^https?://[^/]+$", origin))])
    error_message = "page_origins must be * or origins such as https://earshot.example.org, without a path."
  }
}

variable "concurrent_executions" {
  description = "Functions that the account may run at a time in this region; scripts/deploy asks AWS for it."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.concurrent_executions >= 1
    error_message = "concurrent_executions must be at least 1."
  }
}

variable "edge_origin" {
  description = "Host of the API, to put CloudFront and WAF before it (6 USD a month); null for neither."
  type        = string
  default     = null

  validation {
    condition     = var.edge_origin == null || can(regex("^[a-z0-9.-]+[.][a-z]+$", var.edge_origin))
    error_message = "edge_origin must be a host name such as abc123.execute-api.eu-central-1.amazonaws.com, or null."
  }
}

variable "edge_requests_in_five_minutes" {
  description = "What one address may ask in five minutes, with edge_origin."
  type        = number
  default     = 1500 # five a second
  nullable    = false
}

variable "plays_from_kafka" {
  description = "A topic of Apache Kafka from which plays come, too: of the MSK cluster `cluster_arn` (by IAM), or of brokers that AWS reaches over the internet, with the user and password (SASL/SCRAM) in the secret `secret_arn`. null for none. Applied once the functions are deployed."
  type = object({
    topic             = string
    cluster_arn       = optional(string)
    bootstrap_servers = optional(list(string), [])
    secret_arn        = optional(string)
  })
  default = null

  validation {
    condition     = var.plays_from_kafka == null || (try(var.plays_from_kafka.cluster_arn, null) != null) != (length(try(var.plays_from_kafka.bootstrap_servers, [])) > 0 && try(var.plays_from_kafka.secret_arn, null) != null)
    error_message = "plays_from_kafka needs either cluster_arn or bootstrap_servers and secret_arn."
  }
}

variable "pipeline_schedules" {
  description = "When the pipeline runs by itself, by name: of which playlist, by which expression of EventBridge Scheduler (`rate(1 day)`, `cron(0 4 * * ? *)`), for which recipe (empty: the one that serves). Never, if empty."
  type = map(object({
    playlist = string
    schedule = string
    timezone = optional(string, "UTC")
    recipe   = optional(string, "")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name, one in var.pipeline_schedules : can(regex("^[a-z0-9-]{1,32}$", name)) && can(regex("^(rate|cron)[(].+[)]$", one.schedule)) && one.playlist != ""])
    error_message = "pipeline_schedules needs, by a name of lower-case letters, digits and hyphens, a playlist and a schedule such as rate(1 day)."
  }
}

variable "pipeline_spark" {
  description = "Application of EMR Serverless, role and job drivers by which scheduled runs of the pipeline do the named steps; null: the functions do all of them."
  type = object({
    application_id = string
    role_arn       = string
    embed          = optional(any)
    build          = optional(any)
    train          = optional(any)
  })
  default = null
}

variable "service" {
  description = "The API as containers on Fargate beside the function (docs/operations.md): its image by digest, the network, the certificate of its name, its size. null for none."
  type = object({
    image                = string
    image_repository_arn = optional(string)
    vpc_id               = string
    balancer_subnet_ids  = list(string)
    task_subnet_ids      = list(string)
    certificate_arn      = string
    allowed_cidrs        = optional(list(string), ["0.0.0.0/0"])
    internal             = optional(bool, false)
    assign_public_ip     = optional(bool, true)
    architecture         = optional(string, "ARM64")
    cpu                  = optional(number, 1024)
    memory_mib           = optional(number, 4096)
    disk_gib             = optional(number, 21)
    tasks                = optional(number, 2)
    environment          = optional(map(string), {})
  })
  default = null
}

variable "batch" {
  description = "Jobs in bulk on EMR Serverless (docs/batch.md); null for none. image_tag: of the image that was pushed to the repository that this makes; read_buckets: names of buckets with audio or manifests of one's own; most_vcpus: of all jobs together."
  type = object({
    image_tag    = optional(string)
    read_buckets = optional(list(string), [])
    most_vcpus   = optional(number, 64)
  })
  default = null
}

variable "vectors" {
  description = "A vector bucket of Amazon S3 Vectors that may search the index (docs/operations.md); null for none. bucket: its name, if not earshot-<stage>-vectors."
  type = object({
    bucket = optional(string)
  })
  default = null
}
