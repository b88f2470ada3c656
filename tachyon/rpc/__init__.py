"""The bus: transport, serializer, server, and a client of each service."""
