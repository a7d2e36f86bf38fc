"""What a generated flow calls while it runs; needs Prefect."""
