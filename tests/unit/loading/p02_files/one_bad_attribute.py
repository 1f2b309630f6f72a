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
    worker = PyTangoWorker(DEV_NAME, def_file=os.path.basename(__file__))
    attrs = ["Position", "Gone", "State"]
    values = worker.read_attributes(attrs)
    if len(values) == 0 or None in values:
        values = [None] * len(attrs)
    data = {}
    for (i, attr) in enumerate(attrs):
        data[attr] = str(values[i]) if attr == "State" and values[i] is not None else values[i]
    dict2json(ROOT_REF, data, worker)
