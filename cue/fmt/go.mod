module task-runs/cue/fmt

go 1.23.0

require cuelang.org/go v0.14.1

require github.com/cockroachdb/apd/v3 v3.2.1 // indirect
