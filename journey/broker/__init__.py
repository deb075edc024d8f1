"""The broker: the log put into a stream of somebody else's, in its order, for all who subscribe there.

port.py       Message, Stream: what a broker has to be able to do
nats.py       NATS JetStream, and all that is known here of it
subjects.py   where in the stream an event goes
leases.py     who publishes, and up to where it is acknowledged
turn.py       what comes next, decided and accounted for at sending
publisher.py  Publisher: the part of a worker that puts it there

What may go to whom is decided with what webhooks decide it with.
"""
