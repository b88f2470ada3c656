"""What nova-conductor asks of a scheduler, and how it is answered."""
