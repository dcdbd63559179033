"""What the hot paths may cost, in counts that do not depend on how busy the machine is."""
