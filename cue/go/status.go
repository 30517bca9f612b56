//go:build js && wasm

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/format"
)

// statusTemplates are the texts under attributes.status of a definition.
type statusTemplates struct {
	Details      string `json:"details"`
	HealthPolicy string `json:"healthPolicy"`
	CustomStatus string `json:"customStatus"`
}

type statusResult struct {
	Healthy  bool                   `json:"healthy"`
	Message  string                 `json:"message"`
	Details  map[string]string      `json:"details"`
	Problems map[string]errorReport `json:"problems"`
}

// maxDetailKey is the length from which KubeVela leaves out a detail.
const maxDetailKey = 32

// status works out details, health and message in this order; each sees in context.status what came before it. An error
// in one of them keeps none of the others: KubeVela only logs it, the host gets it in problems.
func status(asked *request) (any, error) {
	context := map[string]any{}
	if err := json.Unmarshal(asked.Context, &context); err != nil {
		return nil, err
	}
	seen := map[string]any{}
	context["status"] = seen
	result := statusResult{Details: map[string]string{}, Problems: map[string]errorReport{}}
	note := func(part string, err error) {
		if err != nil {
			result.Problems[part] = describeError(err)
		}
	}

	details, values, err := evaluateDetails(asked, context)
	note("details", err)
	if details != nil {
		result.Details = details
	}
	if values != nil {
		seen["details"] = values
	}

	result.Healthy, err = evaluateHealth(asked, context)
	note("healthPolicy", err)
	seen["healthy"] = result.Healthy

	result.Message, err = evaluateMessage(asked, context)
	note("customStatus", err)
	return result, nil
}

func compileStatus(name, template string, context map[string]any, parameter json.RawMessage) (cue.Value, error) {
	data, err := runtimeText(context, parameter)
	if err != nil {
		return cue.Value{}, err
	}
	return cuecontext.New().CompileString(template+"\n"+data, cue.Filename(name)), nil
}

func runtimeText(context map[string]any, parameter json.RawMessage) (string, error) {
	text, err := json.Marshal(context)
	if err != nil {
		return "", err
	}
	if len(parameter) == 0 || string(parameter) == "null" {
		parameter = json.RawMessage("{}")
	}
	return fmt.Sprintf("context: %s\nparameter: %s\n", text, parameter), nil
}

func evaluateHealth(asked *request, context map[string]any) (bool, error) {
	if asked.Status.HealthPolicy == "" {
		return true, nil
	}
	value, err := compileStatus("healthPolicy", asked.Status.HealthPolicy, context, asked.Parameter)
	if err != nil {
		return false, err
	}
	return value.LookupPath(cue.ParsePath("isHealth")).Bool()
}

func evaluateMessage(asked *request, context map[string]any) (string, error) {
	if asked.Status.CustomStatus == "" {
		return "", nil
	}
	value, err := compileStatus("customStatus", asked.Status.CustomStatus, context, asked.Parameter)
	if err == nil {
		err = value.Err()
	}
	if err != nil {
		return "", err
	}
	return value.LookupPath(cue.ParsePath("message")).String()
}

// evaluateDetails returns the details to show, and the values that the later templates see.
func evaluateDetails(asked *request, context map[string]any) (map[string]string, map[string]any, error) {
	if asked.Status.Details == "" {
		return map[string]string{}, nil, nil
	}
	value, err := compileStatus("details", asked.Status.Details, context, asked.Parameter)
	if err == nil {
		err = value.Err()
	}
	if err != nil {
		return nil, nil, err
	}
	fields, err := value.Fields()
	if err != nil {
		return nil, nil, err
	}
	shown, values := map[string]string{}, map[string]any{}
	for fields.Next() {
		label := fields.Selector().Unquoted()
		if len(label) >= maxDetailKey || label == "context" || label == "parameter" {
			continue
		}
		if err := addDetail(shown, values, label, fields.Value()); err != nil {
			return shown, nil, err
		}
	}
	return shown, values, nil
}

func addDetail(shown map[string]string, values map[string]any, label string, value cue.Value) error {
	invalid := value.Validate(cue.Concrete(true))
	local := strings.HasPrefix(label, "$")
	if !local && isLocal(value) {
		return nil
	}
	if invalid != nil {
		if !local {
			shown[label] = cue.BottomKind.String()
		}
		return nil
	}
	var decoded any
	if err := value.Decode(&decoded); err == nil {
		values[label] = decoded
	}
	if local {
		return nil
	}
	text, err := detailText(value)
	shown[label] = text
	return err
}

func isLocal(value cue.Value) bool {
	return slices.ContainsFunc(value.Attributes(cue.FieldAttr), func(attribute cue.Attribute) bool {
		return attribute.Name() == "local" || attribute.Name() == "private"
	})
}

func detailText(value cue.Value) (string, error) {
	if value.IncompleteKind() == cue.StringKind {
		return value.String()
	}
	text, err := format.Node(value.Syntax(cue.Final()))
	return string(text), err
}
