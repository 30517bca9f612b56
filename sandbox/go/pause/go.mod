module task-runs/sandbox/pause

go 1.24.0
