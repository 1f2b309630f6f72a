"""Values, fields and documents; they know no thread and no server."""
