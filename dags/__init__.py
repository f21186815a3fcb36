"""When things happen: wiring for Airflow, and nothing else."""
