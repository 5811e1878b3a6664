"""No example of a property has to be ready in time: machines differ, and so does their load."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
