"""The public probes, one module a chapter. They travel with the student's package; hidden ones never do."""
