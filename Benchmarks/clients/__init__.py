"""HTTP clients that show answers exactly as they came."""
