"""From a submission's bytes to a verdict, a result file and a gradebook entry. Runs on the instructor's side only."""
