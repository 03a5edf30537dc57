"""The leak harness: what a delegation, a person or a negotiation keeps reaches nobody else."""
