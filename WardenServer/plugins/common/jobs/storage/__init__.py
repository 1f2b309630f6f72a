"""Where the files of jobs are: any folder, or the storage of Socorro."""
