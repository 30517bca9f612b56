//go:build js && wasm

package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/format"
	"cuelang.org/go/cue/parser"
)

const definitionFile = "definition.cue"

// openEnds lets a template refer to what KubeVela fills in; KubeVela appends the same two lines.
const openEnds = "\ncontext: _\nparameter: _\n"

// parts of a `vela def` file: what it says about itself, and its template. Both are the whole file with the other part
// blanked out, so that every position in them is one of the file.
type parts struct {
	name     string
	metadata string
	template string
}

type description struct {
	Name        string            `json:"name"`
	Type        string            `json:"type"`
	Alias       string            `json:"alias"`
	Description string            `json:"description"`
	Annotations map[string]string `json:"annotations"`
	Labels      map[string]string `json:"labels"`
	Attributes  json.RawMessage   `json:"attributes"`
	Template    string            `json:"template"`
}

func describe(asked *request) (any, error) {
	split, err := splitDefinition(asked.Source)
	if err != nil {
		return nil, at("definition", err)
	}
	value, err := compileText(split.metadata)
	if err != nil {
		return nil, at("definition", err)
	}
	about := value.LookupPath(cue.MakePath(cue.Str(split.name)))
	if err := about.Validate(cue.Concrete(true)); err != nil {
		return nil, at("definition", err)
	}
	result := description{Name: split.name, Annotations: map[string]string{}, Labels: map[string]string{}, Attributes: json.RawMessage("{}")}
	for field, target := range map[string]any{
		"type": &result.Type, "alias": &result.Alias, "description": &result.Description,
		"annotations": &result.Annotations, "labels": &result.Labels, "attributes": &result.Attributes,
	} {
		if err := decodeField(about, field, target); err != nil {
			return nil, at("definition", err)
		}
	}
	formatted, err := format.Source([]byte(split.template), format.Simplify())
	if err != nil {
		return nil, at("definition", err)
	}
	result.Template = strings.TrimSpace(string(formatted)) + "\n"
	if _, err := compileText(split.template + openEnds); err != nil {
		return nil, at("template", err)
	}
	return result, nil
}

func decodeField(about cue.Value, field string, target any) error {
	value := about.LookupPath(cue.MakePath(cue.Str(field)))
	if !value.Exists() {
		return nil
	}
	text, err := value.MarshalJSON()
	if err != nil {
		return err
	}
	return json.Unmarshal(text, target)
}

// splitDefinition tells the template of a definition from what the definition says about itself.
func splitDefinition(source string) (parts, error) {
	file, err := parser.ParseFile(definitionFile, source, parser.ParseComments)
	if err != nil {
		return parts{}, err
	}
	metadata, template := []byte(source), []byte(source)
	name, found := "", false
	for _, declaration := range file.Decls {
		switch each := declaration.(type) {
		case *ast.ImportDecl:
			blank(metadata, each)
		case *ast.Field:
			label, _, err := ast.LabelName(each.Label)
			if err != nil {
				return parts{}, err
			}
			if label != "template" {
				if name != "" {
					return parts{}, fmt.Errorf("a definition has one name, but found %q and %q", name, label)
				}
				name = label
				blank(template, each)
				continue
			}
			body, isStruct := each.Value.(*ast.StructLit)
			if !isStruct {
				return parts{}, fmt.Errorf("template must be a struct: template: {...}")
			}
			found = true
			blank(metadata, each)
			blankRange(template, each.Pos().Offset(), body.Lbrace.Offset()+1)
			blankRange(template, body.Rbrace.Offset(), body.Rbrace.Offset()+1)
		}
	}
	if name == "" || !found {
		return parts{}, fmt.Errorf("a definition consists of a field that has its name and the field template, but found only %q", name)
	}
	return parts{name: name, metadata: string(metadata), template: string(template)}, nil
}

func blank(text []byte, node ast.Node) {
	blankRange(text, node.Pos().Offset(), node.End().Offset())
}

func blankRange(text []byte, from, to int) {
	for index := from; index < to && index < len(text); index++ {
		if text[index] != '\n' {
			text[index] = ' '
		}
	}
}
