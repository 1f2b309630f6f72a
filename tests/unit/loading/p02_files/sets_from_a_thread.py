from app.plugins.plugins_common import *
from app.workers import *

TICKTACK = 30.
TICKTACK_OFFSET = 5.
ROOT_REF = "P022.thing"
DEV_NAME = "p02/fake/1"


def setup(obj):
    if not obj.test(TICKTACK) or not obj.test(DEV_NAME):
        raise NameError


import threading


def work(unlock=False):
    setting = threading.Thread(target=set_key, args=(ROOT_REF, 2.5))
    setting.start()
    setting.join()
    append_key(ROOT_REF, " mm")
    set_timestamp(root_ref=ROOT_REF)
    set_key("P022.bytes", b"Gr\xc3\xbc\xc3\x9fe")
    set_key("P022.nothing", None)
