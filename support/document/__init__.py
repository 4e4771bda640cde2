"""What a case and a report are: types, their JSON Schema, reports in and out of files, and earlier schemas."""
