"""Every list that is answered, over HTTP and on the command line."""

from journey.api.lists.authorizations import AUTHORIZATIONS
from journey.api.lists.barriers import BARRIERS
from journey.api.lists.handoffs import HANDOFFS
from journey.api.lists.referrals import REFERRALS
from journey.api.lists.visits import VISITS
from journey.api.lists.worklist import WORKLIST

LISTS = {each.name: each for each in (WORKLIST, HANDOFFS, REFERRALS, AUTHORIZATIONS, VISITS, BARRIERS)}
