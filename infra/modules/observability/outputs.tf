output "alarm_topic_arn" {
  description = "Topic that every alarm notifies."
  value       = aws_sns_topic.alarms.arn
}

output "alarm_names" {
  description = "Name of every alarm."
  value       = sort(concat([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name], [for alarm in aws_cloudwatch_metric_alarm.computed : alarm.alarm_name]))
}

output "dashboard_body" {
  description = "The dashboard as JSON."
  value       = aws_cloudwatch_dashboard.this.dashboard_body
}
