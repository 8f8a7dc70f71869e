# The index in Amazon S3 Vectors, if asked for (docs/operations.md). The function `api`, whose role gets the permission, is
# deployed by serverless.yml, so this comes with a second apply. Without `vectors` there is nothing of it.

data "aws_lambda_function" "searching" {
  count = var.vectors == null ? 0 : 1

  function_name = "${local.name}-api"
}

module "vectors" {
  source = "./modules/vectors"
  count  = var.vectors == null ? 0 : 1

  name             = coalesce(var.vectors.bucket, "${local.name}-vectors")
  stage            = var.stage
  region           = var.region
  account_id       = local.account_id
  index_bucket_arn = module.index_bucket.arn
  reader_role_name = reverse(split("/", data.aws_lambda_function.searching[0].role))[0]
}
