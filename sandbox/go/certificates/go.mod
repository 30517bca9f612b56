module task-runs/sandbox/certificates

go 1.24.0
