"""Configuration files in the form of Socorro's, of a site of our own."""

MONITOR = """\
import datetime
import stat

import socorro.lib.ConfigurationManager as cm

try:
  from commonconfig import *
except ImportError:
  from config.commonconfig import *

standardLoopDelay = cm.Option()
standardLoopDelay.doc = 'pause of the loop for new files'
standardLoopDelay.default = '00:02:00'
standardLoopDelay.fromStringConverter = cm.timeDeltaConverter

cleanupJobsLoopDelay = cm.Option()
cleanupJobsLoopDelay.doc = 'pause of the loop that tidies up'
cleanupJobsLoopDelay.default = '1:30'
cleanupJobsLoopDelay.fromStringConverter = cm.timeDeltaConverter

priorityLoopDelay = cm.Option(doc='pause of the loop for requests', default='45', singleCharacter='p',
                              fromStringConverter=cm.timeDeltaConverter)

saveSuccessfulMinidumpsTo = cm.Option()
saveSuccessfulMinidumpsTo.doc = 'where good ones go'
saveSuccessfulMinidumpsTo.default = '/data/good'

saveFailedMinidumpsTo = cm.Option()
saveFailedMinidumpsTo.doc = 'where bad ones go'

dumpPermissions = cm.Option()
dumpPermissions.default = '%d' % (stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP)

dirPermissions = cm.Option()
dirPermissions.default = '%d' % (stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP)

dumpGID = cm.Option()
dumpGID.default = ''

logFileMaximumSize = cm.Option()
logFileMaximumSize.default = 5000

shift = 'late'
"""
COMMON = """\
import socorro.lib.ConfigurationManager as cm

databaseHost = cm.Option()
databaseHost.doc = 'where the database is'
databaseHost.default = 'db.example'

databasePort = cm.Option()
databasePort.default = 5433

databaseName = cm.Option()
databaseName.default = 'reports'

databaseUserName = cm.Option()
databaseUserName.default = 'watcher'

databasePassword = cm.Option()
databasePassword.default = 'pass/word@1'

storageRoot = cm.Option()
storageRoot.default = '/data/new/'

deferredStorageRoot = cm.Option()
deferredStorageRoot.default = '/data/later/'

jsonFileSuffix = cm.Option()
jsonFileSuffix.default = '.json'

dumpFileSuffix = cm.Option()
dumpFileSuffix.default = '.cbf'

processorCheckInTime = cm.Option()
processorCheckInTime.default = '00:10:00'
processorCheckInTime.fromStringConverter = lambda x: str(cm.timeDeltaConverter(x))

startWindow = cm.Option()
startWindow.fromStringConverter = cm.dateTimeConverter

minutesPerSlot = cm.Option()
minutesPerSlot.default = 5

debug = cm.Option()
debug.doc = 'say more'
debug.default = False
debug.singleCharacter = 'D'
debug.fromStringConverter = cm.booleanConverter
"""
