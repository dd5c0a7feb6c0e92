"""How to connect: URLs, parameters of libpq, services, certificates."""
