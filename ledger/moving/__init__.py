"""Moving the ledgers of a data folder from one store to the other, while they are served."""
