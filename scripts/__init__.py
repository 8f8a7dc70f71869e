"""What builds, deploys, prices and keeps Earshot; run as `python -m scripts.<name>`. Never imported by the product."""
