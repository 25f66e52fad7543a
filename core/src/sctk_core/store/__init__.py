"""Where a run is kept: replies, progress, sealed tables, the manifest and the ledger."""
