"""What is in ``deploy``, checked as far as that can be done without what runs it."""
