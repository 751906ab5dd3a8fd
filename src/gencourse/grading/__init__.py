"""Grade notebooks that learners handed in: ``gencourse grade``; see `judge`."""
