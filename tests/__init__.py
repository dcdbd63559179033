"""The tests mirror the source; contracts/ run once per store, house/ are the rules of the house."""
