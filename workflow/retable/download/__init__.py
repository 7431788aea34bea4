"""Downloads of files: resumable, patient, verified; they know of no corpus."""
