"""What stands before Dovecot: a front with the manners of Exchange, and listeners with bad TLS."""
