//go:build js && wasm

package main

import (
	"encoding/json"

	"cuelang.org/go/cue"
)

type rendered struct {
	Output  json.RawMessage            `json:"output"`
	Outputs map[string]json.RawMessage `json:"outputs"`
}

// check compiles a template, or refuses it with CUE's position.
func check(asked *request) (any, error) {
	_, err := compileTemplate(asked.Source)
	return true, at("compile", err)
}

// render fills in parameter and context, checks the whole, and returns the objects in output and outputs.
func render(asked *request) (any, error) {
	filled, err := fillTemplate(asked)
	if err != nil {
		return nil, err
	}
	if filled.Validate() != nil {
		return nil, at("validate", refusal(asked))
	}
	result := rendered{}
	if output := filled.LookupPath(cue.ParsePath("output")); output.Exists() {
		if result.Output, err = finalJSON(output); err != nil {
			return nil, at("output", err)
		}
	}
	result.Outputs, err = renderOutputs(filled)
	return result, err
}

func renderOutputs(filled cue.Value) (map[string]json.RawMessage, error) {
	result := map[string]json.RawMessage{}
	outputs := filled.LookupPath(cue.ParsePath("outputs"))
	if !outputs.Exists() {
		return result, nil
	}
	fields, err := outputs.Fields()
	if err != nil {
		return nil, at("outputs", err)
	}
	for fields.Next() {
		text, err := finalJSON(fields.Value())
		if err != nil {
			return nil, at("outputs", err)
		}
		result[fields.Selector().Unquoted()] = text
	}
	return result, nil
}

func fillTemplate(asked *request) (cue.Value, error) {
	template, err := compileTemplate(asked.Source)
	if err != nil {
		return cue.Value{}, at("compile", err)
	}
	return fill(template, asked.Parameter, asked.Context)
}

// refusal says why the filled template is invalid, in the words that KubeVela has for it.
func refusal(asked *request) error {
	filled, err := compileFilled(asked.Source, asked.Parameter, asked.Context)
	if err != nil {
		return err
	}
	return filled.Validate()
}

func finalJSON(value cue.Value) (json.RawMessage, error) {
	if err := value.Err(); err != nil {
		return nil, err
	}
	if err := value.Validate(cue.Concrete(true), cue.Final()); err != nil {
		return nil, err
	}
	return value.MarshalJSON()
}
