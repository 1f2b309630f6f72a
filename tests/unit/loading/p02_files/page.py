from app.plugins.plugins_common import *
from app.workers import *

TICKTACK = 30.
TICKTACK_OFFSET = 5.
ROOT_REF = "P022.vacuum.dcm."
DEV_NAME = "p02/fake/1"


def setup(obj):
    if not obj.test(TICKTACK) or not obj.test(DEV_NAME):
        raise NameError


import xml.etree.ElementTree as ET

PAGE = "<data><update><id>a</id><value>5</value></update><update><id>b</id></update><update><id>c</id><value>.</value>"
PAGE += "</update><update><id>d</id><value>icons/green.jpg</value></update><update><id>e</id><value>gjpg</value></update></data>"


def work(unlock=False):
    worker = HTTPWorker("/web2cToolkit/Web2c?param=(open)p3_02o.xml,1", def_file=__file__, host="localhost", port=8080)
    process_xml_root(worker, ET.fromstring(PAGE), root_ref=ROOT_REF)
