from app.plugins.plugins_common import *
from app.workers import *

TICKTACK = 30.
TICKTACK_OFFSET = 5.
ROOT_REF = "P022.thing"
DEV_NAME = "p02/fake/1"


def setup(obj):
    if not obj.test(TICKTACK) or not obj.test(DEV_NAME):
        raise NameError


import urllib2
from struct import unpack


def work(unlock=False):
    answer = urllib2.urlopen("http://127.0.0.1:9/").read()
    if isinstance(answer, str):
        set_key(ROOT_REF, answer.decode("latin-1"))
    (length,) = unpack("<H", answer[:2])
    with open("/dev/null", "wb") as file:
        file.write("x")
