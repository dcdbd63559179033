"""A synthetic town to look at: three businesses and invented people, labelled so everywhere."""
