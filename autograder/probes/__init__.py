"""The public probes, one package a chapter. They travel with the student's package; hidden ones never do."""
