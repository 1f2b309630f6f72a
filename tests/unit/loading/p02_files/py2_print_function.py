from app.plugins.plugins_common import *
from app.workers import *

TICKTACK = 30.
TICKTACK_OFFSET = 5.
ROOT_REF = "P022.thing"
DEV_NAME = "p02/fake/1"


def setup(obj):
    if not obj.test(TICKTACK) or not obj.test(DEV_NAME):
        raise NameError


from __future__ import division, print_function


def work(unlock=False):
    print("half", 1 / 2)
    try:
        raise KeyError("x")
    except KeyError, e:
        set_key(ROOT_REF, unicode(e))
