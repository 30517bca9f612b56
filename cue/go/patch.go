//go:build js && wasm

package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"cuelang.org/go/cue"
)

// What a trait writes above a field of its patch, as in `// +patchStrategy=retainKeys`.
const (
	strategyMark   = "+patchStrategy="
	keyMark        = "+patchKey="
	retainStrategy = "retainKeys"
)

// patch fills a trait's template in and lays its patch over the workload in base: the two are unified, so that a field
// of both must have the same value, but what the patch marks with retainKeys takes the place of what is there. Those
// are the semantics of KubeVela (kubevela/workflow, pkg/cue/model/sets); its other strategies are refused.
func patch(asked *request) (any, error) {
	filled, err := fillTemplate(asked)
	if err != nil {
		return nil, err
	}
	if filled.Validate() != nil {
		return nil, at("validate", refusal(asked))
	}
	result := rendered{Output: asked.Base}
	if result.Outputs, err = renderOutputs(filled); err != nil {
		return nil, err
	}
	if patcher := filled.LookupPath(cue.ParsePath("patch")); patcher.Exists() {
		if result.Output, err = patchedBase(asked.Base, patcher); err != nil {
			return nil, err
		}
	}
	return result, complaint(filled)
}

func patchedBase(base json.RawMessage, patcher cue.Value) (json.RawMessage, error) {
	workload := map[string]any{}
	if err := json.Unmarshal(base, &workload); err != nil {
		return nil, at("patch", err)
	}
	if err := makeRoom(workload, patcher); err != nil {
		return nil, at("patch", err)
	}
	// Not encoded as a Go value: CUE would have every number for a float.
	roomy, err := json.Marshal(workload)
	if err != nil {
		return nil, at("patch", err)
	}
	unified := patcher.Context().CompileBytes(roomy, cue.Filename("workload")).Unify(patcher)
	if err := unified.Validate(); err != nil {
		return nil, at("patch", err)
	}
	text, err := finalJSON(unified)
	return text, at("output", err)
}

// makeRoom takes out of the workload what the patch replaces.
func makeRoom(workload map[string]any, patcher cue.Value) error {
	fields, err := patcher.Fields()
	if err != nil {
		return nil // No struct: unifying says what is wrong, if anything is.
	}
	for fields.Next() {
		name := fields.Selector().Unquoted()
		strategy, err := strategyOf(fields.Value())
		if err != nil {
			return err
		}
		if strategy == retainStrategy {
			delete(workload, name)
			continue
		}
		below, _ := workload[name].(map[string]any)
		if err := makeRoom(below, fields.Value()); err != nil {
			return err
		}
	}
	return nil
}

func strategyOf(field cue.Value) (string, error) {
	for _, group := range field.Doc() {
		for _, line := range strings.Split(group.Text(), "\n") {
			strategy, isStrategy := strings.CutPrefix(strings.TrimSpace(line), strategyMark)
			if isStrategy && strategy == retainStrategy {
				return strategy, nil
			}
			if isStrategy || strings.HasPrefix(strings.TrimSpace(line), keyMark) {
				return "", fmt.Errorf("%s: of the ways to patch only %s%s is understood here, not %q", field.Path(), strategyMark, retainStrategy, strings.TrimSpace(line))
			}
		}
	}
	return "", nil
}

// complaint is the first that the template says in errs.
func complaint(filled cue.Value) error {
	said, err := filled.LookupPath(cue.ParsePath("errs")).List()
	for err == nil && said.Next() {
		if text, err := said.Value().String(); err == nil && text != "" {
			return at("errs", fmt.Errorf("%s", text))
		}
	}
	return nil
}
