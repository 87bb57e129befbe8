"""What happened: append-only, hash-chained per report; the audit trail and the source of every figure."""
