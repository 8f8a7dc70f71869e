output "host" {
  description = "Host of the load balancer, to which the name of the certificate must lead."
  value       = aws_lb.this.dns_name
}
