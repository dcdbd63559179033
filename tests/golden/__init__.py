"""Bytes that were stored once and must be read for ever."""
