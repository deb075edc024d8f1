"""Verifying: everything that the ledger says is made anew from the stored rows and held to what is signed."""
