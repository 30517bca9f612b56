module task-runs/sandbox/node-network

go 1.24.0
