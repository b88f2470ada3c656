"""What the integration tests are made with: processes, a broker, a client."""
