"""Web: the console, where care teams see and act, compliance officers replay, integrators look after feeds.

Pages are made on the server of what the API answers to whoever is signed in, asked within the process. So the
console shows nothing that the API would not, and a page view stands in the trail as the reads it is made of.
"""
