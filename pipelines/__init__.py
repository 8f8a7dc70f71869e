"""From a playlist to a promoted index version, as one list of steps (steps.json) that several runners carry out.

`steps` reads the list and knows nothing else: what Airflow, Prefect or a plain loop needs. `work` is what the steps
do, with two doors in front of it: `python -m pipelines step NAME` and the function `pipeline_step`. The runners are
`run` (one machine), `state_machine` (Step Functions), `airflow_dag` and `prefect_flow`; each adds nothing but its own
way to try again and to wait.
"""
