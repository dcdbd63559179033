"""The client in coroutines, and the source of ``rapport_client.synchronous``.

Change the code here alone: ``make client-sync`` writes the other package from it.
"""
