"""What leaves the console: processed stems, the session as JSON, a project for other workstations."""
