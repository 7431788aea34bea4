from archive_server import archive_server  # noqa: F401 (a fixture)
