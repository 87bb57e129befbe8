"""What the API's description shows by example: a request for every body, a problem for every code an endpoint has."""
