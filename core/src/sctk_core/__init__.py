"""Records, contracts, plugin host, pipeline and store of sctk."""
