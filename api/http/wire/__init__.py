"""What goes over the wire: requests read into drafts and questions, answers for clients."""
