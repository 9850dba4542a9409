"""What every subject needs: sealed values, the outbox, attachments, the access log."""
