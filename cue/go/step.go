//go:build js && wasm

package main

import (
	"encoding/json"

	"cuelang.org/go/cue"
)

// answer is what an action gave that the host carried out, with the path of the action.
type answer struct {
	Path    string          `json:"path"`
	Returns json.RawMessage `json:"returns"`
}

// action is what the host is to carry out next.
type action struct {
	Path     string          `json:"path"`
	Do       string          `json:"do"`
	Provider string          `json:"provider"`
	Params   json.RawMessage `json:"params"`
}

// step finds the next action of a workflow step that has no answer yet, with the answers so far filled in. null: the
// step is through.
func step(asked *request) (any, error) {
	filled, err := fillTemplate(asked)
	if err != nil {
		return nil, err
	}
	answered := map[string]bool{}
	for _, each := range asked.Answers {
		answered[each.Path] = true
		if len(each.Returns) == 0 || string(each.Returns) == "null" {
			continue
		}
		returns := filled.Context().CompileBytes(each.Returns, cue.Filename("returns"))
		filled = filled.FillPath(cue.ParsePath(each.Path+".$returns"), returns)
	}
	next, err := nextAction(filled, answered)
	if err != nil || next != nil {
		return next, at("step", err)
	}
	return nil, at("step", filled.Err())
}

func nextAction(value cue.Value, answered map[string]bool) (*action, error) {
	if do, err := value.LookupPath(cue.ParsePath("#do")).String(); err == nil {
		path := value.Path().String()
		if answered[path] {
			return nil, nil
		}
		provider, _ := value.LookupPath(cue.ParsePath("#provider")).String()
		params, err := finalJSON(value.LookupPath(cue.ParsePath("$params")))
		return &action{Path: path, Do: do, Provider: provider, Params: params}, err
	}
	if value.IncompleteKind() == cue.ListKind {
		elements, err := value.List()
		for err == nil && elements.Next() {
			if found, err := nextAction(elements.Value(), answered); found != nil || err != nil {
				return found, err
			}
		}
		return nil, nil
	}
	fields, err := value.Fields()
	for err == nil && fields.Next() {
		if found, err := nextAction(fields.Value(), answered); found != nil || err != nil {
			return found, err
		}
	}
	return nil, nil
}
