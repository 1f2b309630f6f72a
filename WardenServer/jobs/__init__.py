"""Programs around jobs: processors, the monitor without a hub, import. The rules are in plugins/common/jobs."""
