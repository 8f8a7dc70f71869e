# Plays from a topic of Apache Kafka, for who has one (docs/listening.md): an event source of the function `record_plays`,
# and what its role needs for that. Both stand beside functions that serverless.yml deploys, so they come with a second
# apply. Without `plays_from_kafka` there is nothing of it.

locals {
  kafka = var.plays_from_kafka == null ? {} : { plays = var.plays_from_kafka }
  msk   = { for name, kafka in local.kafka : name => kafka.cluster_arn if kafka.cluster_arn != null }
  # arn:…:cluster/NAME/ID, of which topics and groups are arn:…:topic/NAME/ID/TOPIC
  msk_parts = { for name, arn in local.msk : name => split(":cluster/", arn) }
  group     = "${local.name}-plays"
}

data "aws_lambda_function" "record_plays" {
  for_each = local.kafka

  function_name = "${local.name}-record_plays"
}

resource "aws_lambda_event_source_mapping" "plays_from_kafka" {
  for_each   = local.kafka
  depends_on = [aws_iam_role_policy.plays_from_kafka] # Lambda looks at the cluster when the mapping is made

  function_name                      = data.aws_lambda_function.record_plays[each.key].arn
  event_source_arn                   = each.value.cluster_arn
  topics                             = [each.value.topic]
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = 500
  maximum_batching_window_in_seconds = 1

  dynamic "amazon_managed_kafka_event_source_config" {
    for_each = each.value.cluster_arn == null ? [] : [local.group]

    content {
      consumer_group_id = amazon_managed_kafka_event_source_config.value
    }
  }

  dynamic "self_managed_event_source" {
    for_each = each.value.cluster_arn == null ? [join(",", each.value.bootstrap_servers)] : []

    content {
      endpoints = { KAFKA_BOOTSTRAP_SERVERS = self_managed_event_source.value }
    }
  }

  dynamic "self_managed_kafka_event_source_config" {
    for_each = each.value.cluster_arn == null ? [local.group] : []

    content {
      consumer_group_id = self_managed_kafka_event_source_config.value
    }
  }

  dynamic "source_access_configuration" {
    for_each = each.value.secret_arn == null ? [] : [each.value.secret_arn]

    content {
      type = "SASL_SCRAM_512_AUTH"
      uri  = source_access_configuration.value
    }
  }
}

resource "aws_iam_role_policy" "plays_from_kafka" {
  for_each = local.kafka

  name = "plays-from-kafka"
  role = reverse(split("/", data.aws_lambda_function.record_plays[each.key].role))[0]
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      each.value.secret_arn == null ? [] : [
        { Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [each.value.secret_arn] },
      ],
      each.value.cluster_arn == null ? [] : [
        {
          Effect   = "Allow"
          Action   = ["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers", "kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration"]
          Resource = [each.value.cluster_arn]
        },
        {
          Effect   = "Allow"
          Action   = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]
          Resource = ["${local.msk_parts[each.key][0]}:topic/${local.msk_parts[each.key][1]}/${each.value.topic}"]
        },
        {
          Effect   = "Allow"
          Action   = ["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"]
          Resource = ["${local.msk_parts[each.key][0]}:group/${local.msk_parts[each.key][1]}/${local.group}"]
        },
        { # the pollers stand in the cluster's network; these actions know no resources
          Effect   = "Allow"
          Action   = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface", "ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"]
          Resource = ["*"]
        },
      ],
    )
  })
}
