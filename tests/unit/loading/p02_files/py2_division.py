from app.plugins.plugins_common import *
from app.workers import *

TICKTACK = 30.
TICKTACK_OFFSET = 5.
ROOT_REF = "P022.thing"
DEV_NAME = "p02/fake/1"


def setup(obj):
    if not obj.test(TICKTACK) or not obj.test(DEV_NAME):
        raise NameError


def work(unlock=False):
    ticks = int(TICKTACK)
    half = ticks / 2
    half /= 3
    set_key(ROOT_REF, half)
    set_key("P022.float", 1.0 / ticks)
    set_key("P022.rounded", round(half))
