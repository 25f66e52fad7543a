"""How a run goes: stages, the streaming chain, the pool that bounds it, and the events that observers see."""
