"""The feed: what systems beside this one are told of the log, whichever way they hear it.

    filter.py    Filter: what somebody wants to hear of; a value, asked of one event or put into SQL
    about.py     About: what a filter has to know of a journey, as it was recorded up to an event
    place.py     Place: up to where somebody has read; its cursor is the same on every channel
    envelope.py  cloud_event(): an event as it goes out (CloudEvents 1.0), with a thin payload or the full one
    thin.py      thin(): what of an event's data is told where nobody asked for more
    consented.py consented(): whether the patient lets more of it go out

Nothing here reads the database or knows who asks. A channel (the pages and streams under /v1/events, a
webhook, a broker) goes from place to place over the log, and for each event asks: is it theirs, does
`Filter.holds` want it, is it withheld from them, and how much of it may go out? It decides that at the time
of sending, each time anew.
"""
