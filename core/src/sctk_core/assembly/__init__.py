"""What a recipe comes to, before anything is asked: its parts, the roles and who plays them, the plan, and its fingerprints."""

from sctk_core.assembly.assemble import Assembly, assemble
from sctk_core.assembly.before import notes_before
from sctk_core.assembly.defaults import with_defaults
from sctk_core.assembly.parts import Curate, Part
from sctk_core.assembly.roles import Role

__all__ = ["Assembly", "Curate", "Part", "Role", "assemble", "notes_before", "with_defaults"]
