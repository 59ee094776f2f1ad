"""What may be said about curves along a ladder, and how sure one may be."""
