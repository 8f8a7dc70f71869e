# One page, read from top to bottom as a track travels: crawl, extract, index, query, and what waits or failed. CloudWatch shows
# 50 metrics for nothing, and a page with more costs 3 USD a month: so dead letters, which the clock reads, are not on it.

locals {
  # Metrics of the namespace Earshot are emitted by the functions; a test compares the names.
  widgets = [
    {
      title = "Tracks by outcome"
      metrics = [
        ["Earshot", "PreviewsFetched", "service", "crawler"],
        ["Earshot", "TracksWithoutPreview", "service", "crawler"],
        ["Earshot", "TracksExtracted", "service", "extractor"],
        ["Earshot", "TracksFailed", "service", "extractor"],
      ]
      stat = "Sum"
    },
    {
      title = "Given back by the clock, given up, previews that expired"
      metrics = [
        ["Earshot", "CrawlsResumed", "service", "crawler"],
        ["Earshot", "TracksGivenBack", "service", "crawler"],
        ["Earshot", "WorkGivenUp", "service", "crawler"],
        ["Earshot", "WorkGivenUp", "service", "extractor"],
        ["Earshot", "PreviewsExpired", "service", "extractor"],
      ]
      stat = "Sum"
    },
    {
      title = "Waiting messages, and tracks that could not be indexed"
      metrics = [
        for name in concat([for key in sort(keys(var.queues)) : var.queues[key].name], [var.index_failed_queue_name]) :
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name]
      ]
      stat = "Maximum"
    },
    {
      title = "Age of the oldest message (s)"
      metrics = [
        for key in ["crawl", "fetch", "extract", "changes"] : # how old plays are is below
        ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", var.queues[key].name]
      ]
      stat = "Maximum"
    },
    {
      title = "Plays kept, those with a track, and those given back by the clock"
      metrics = [
        ["Earshot", "PlaysKept", "service", "listening"],
        ["Earshot", "PlaysMatched", "service", "listening"],
        ["Earshot", "PlaysGivenBack", "service", "listening"],
      ]
      stat = "Sum"
    },
    {
      title   = "Plays: seconds from taken in to kept"
      metrics = [["Earshot", "PlayFreshnessSeconds", "service", "listening"]]
      stat    = "Maximum"
    },
    {
      title   = "Seconds per clip (p50 over the interval)"
      metrics = [["Earshot", "ExtractSeconds", "service", "extractor"]]
      stat    = "p50"
    },
    {
      title   = "Provider throttling"
      metrics = [["Earshot", "ProviderThrottled", "service", "crawler"]]
      stat    = "Sum"
    },
    {
      title = "Index: freshness (s) and lag behind the stream (ms)"
      metrics = [
        ["Earshot", "IndexFreshnessSeconds", "service", "annoy_service"],
        ["AWS/Lambda", "IteratorAge", "FunctionName", "${var.prefix}-queue_changes"],
      ]
      stat = "Maximum"
    },
    {
      title = "Index: tracks that the clock had indexed again, or found to differ from the table"
      metrics = [
        ["Earshot", "TracksIndexedAgain", "service", "annoy_service"],
        ["Earshot", "IndexDifferences", "service", "annoy_service"],
      ]
      stat = "Sum"
    },
    {
      title   = "Index: measured recall"
      metrics = [["Earshot", "IndexRecall", "service", "annoy_service"]]
      stat    = "Minimum"
    },
    {
      title   = "Index: tracks"
      metrics = [["Earshot", "IndexedTracks", "service", "annoy_service"]]
      stat    = "Maximum"
    },
    {
      title   = "Listening: tracks of the table that was learned"
      metrics = [["Earshot", "ColisteningTracks", "service", "listening"]]
      stat    = "Maximum"
    },
    {
      title   = "Listening: NDCG@10 of the table that serves, on what was played since"
      metrics = [["Earshot", "ColisteningNdcg", "service", "listening"]]
      stat    = "Minimum"
    },
    {
      title   = "Sound: share of new tracks that find the other half of themselves"
      metrics = [["Earshot", "SoundFoundAgain", "service", "pipelines"]]
      stat    = "Minimum"
    },
    {
      title   = "Function duration, p99 (ms)"
      metrics = [for function in ["extract", "index_tracks", "api"] : ["AWS/Lambda", "Duration", "FunctionName", "${var.prefix}-${function}"]]
      stat    = "p99"
    },
    {
      # What those that read queues throw ends as a letter, which is above.
      title = "Errors of functions that no queue brings back"
      metrics = [
        for function in ["api", "keep_plays", "learn_facts", "learn_listening", "queue_changes", "reconcile", "reconcile_index"] :
        ["AWS/Lambda", "Errors", "FunctionName", "${var.prefix}-${function}"]
      ]
      stat = "Sum"
    },
    {
      title   = "Turned away, and concurrent executions in use (of the whole account)"
      metrics = [["AWS/Lambda", "Throttles"], ["AWS/Lambda", "ClaimedAccountConcurrency"]]
      stat    = "Maximum"
    },
    {
      title   = "API requests"
      metrics = [["AWS/Lambda", "Invocations", "FunctionName", "${var.prefix}-api"]]
      stat    = "Sum"
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.prefix

  dashboard_body = jsonencode({
    # Metrics of the namespace Earshot are emitted by the functions; a test compares the names.
    widgets = [
      for number, widget in local.widgets : {
        type   = "metric"
        x      = (number % 2) * 12
        y      = floor(number / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = widget.title
          metrics = widget.metrics
          stat    = widget.stat
          region  = var.region
          period  = 300
          view    = "timeSeries"
        }
      }
    ]
  })
}
