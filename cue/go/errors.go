//go:build js && wasm

package main

import (
	stderrors "errors"
	"strings"

	"cuelang.org/go/cue/errors"
)

// stageError says at which step of KubeVela's rendering an error came up: its words in an Application's status differ
// by it.
type stageError struct {
	stage string
	cause error
}

func (e *stageError) Error() string { return e.cause.Error() }
func (e *stageError) Unwrap() error { return e.cause }

func at(stage string, err error) error {
	if err == nil {
		return nil
	}
	return &stageError{stage: stage, cause: err}
}

type position struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	File   string `json:"file"`
	Path   string `json:"path"`
}

type errorReport struct {
	Message   string     `json:"message"`
	Stage     string     `json:"stage"`
	Messages  []string   `json:"messages"`
	Positions []position `json:"positions"`
}

// describeError keeps CUE's own words, which KubeVela prints, and every position that CUE names for each of the errors.
func describeError(err error) errorReport {
	report := errorReport{Message: err.Error(), Messages: []string{}, Positions: []position{}}
	var staged *stageError
	if stderrors.As(err, &staged) {
		report.Stage = staged.stage
		err = staged.cause
	}
	for _, each := range errors.Errors(err) {
		report.Messages = append(report.Messages, each.Error())
		path := strings.Join(errors.Path(each), ".")
		for _, place := range errors.Positions(each) {
			if place.IsValid() {
				report.Positions = append(report.Positions, position{place.Line(), place.Column(), place.Filename(), path})
			}
		}
	}
	return report
}
