"""The task that verifications answer, as their files and cells of tables name it.

Beside the specs rather than in them, so that what writes these names runs again when one changes.
"""

VERIFIED_TASK = "same_speaker"
VERIFIED_CLASSES = ("different", "same")
