"""Fitting: which wait and which number of purchase days a business's own history asks for."""
