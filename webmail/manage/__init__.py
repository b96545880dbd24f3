"""Function management of webmail: everybody's mail accounts, the mail servers that may be chosen, the policy."""
