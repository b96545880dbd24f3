"""Three authorization servers on loopback https, built on Authlib."""
