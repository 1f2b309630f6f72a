from app.plugins.plugins_common import *
from app.workers import *

TICKTACK = 30.
TICKTACK_OFFSET = 5.
ROOT_REF = "P022.thing"
DEV_NAME = "p02/fake/1"


def setup(obj):
    if not obj.test(TICKTACK) or not obj.test(DEV_NAME):
        raise NameError


import memcache
import string
import time as clock


class Position(object):
    def __cmp__(self, other):
        return 0


def work(unlock=False):
    names = string.split("a b")
    names.sort(cmp=lambda a, b: 0)
    set_key(ROOT_REF, clock.clock())
    set_key("P022.letters", string.letters)
