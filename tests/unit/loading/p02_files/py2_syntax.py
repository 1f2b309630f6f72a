from app.plugins.plugins_common import *
from app.workers import *

TICKTACK = 30.
TICKTACK_OFFSET = 5.
ROOT_REF = "P022.thing"
DEV_NAME = "p02/fake/1"


def setup(obj):
    if not obj.test(TICKTACK) or not obj.test(DEV_NAME):
        raise NameError


import sys

__metaclass__ = type


def work(unlock=False):
    data = {u"a": 0777, "b": `3`}
    if data.has_key("a") and 1 <> 2:
        print >>sys.stderr, "x", unicode("y")
    for key, value in data.iteritems():
        print key, value,
    exec "z = 3"
    raise ValueError, "old style"
