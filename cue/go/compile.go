//go:build js && wasm

package main

import (
	"encoding/json"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/parser"
)

// A compiled template is used this often before it is compiled again: CUE never gives back what it allocates within one
// of its contexts.
const usesPerContext = 256

// maxTemplates bounds how many compiled templates are kept.
const maxTemplates = 64

type compiled struct {
	value cue.Value
	uses  int
}

var templates = map[string]*compiled{}

// compileText compiles a text with KubeVela's own packages at hand, as KubeVela compiles a template.
func compileText(text string) (cue.Value, error) {
	file, err := parser.ParseFile(definitionFile, text, parser.ParseComments)
	if err != nil {
		return cue.Value{}, err
	}
	return compileFiles(file)
}

func compileFiles(files ...*ast.File) (cue.Value, error) {
	value, err := buildFiles(files...)
	if err != nil {
		return cue.Value{}, err
	}
	return value, value.Err()
}

func buildFiles(files ...*ast.File) (cue.Value, error) {
	packages, err := velaPackages()
	if err != nil {
		return cue.Value{}, err
	}
	instance := build.NewContext().NewInstance("", nil)
	instance.Imports = packages
	for _, file := range files {
		if err := instance.AddSyntax(file); err != nil {
			return cue.Value{}, err
		}
	}
	return cuecontext.New().BuildInstance(instance), nil
}

// compileTemplate returns the compiled template of a definition's file, or of the bare text that a cluster keeps of it.
func compileTemplate(source string) (cue.Value, error) {
	if known, ok := templates[source]; ok && known.uses < usesPerContext {
		known.uses++
		return known.value, nil
	}
	value, err := compileText(templateText(source))
	if err != nil {
		return cue.Value{}, err
	}
	if len(templates) >= maxTemplates {
		for oldest := range templates {
			delete(templates, oldest)
			break
		}
	}
	templates[source] = &compiled{value: value}
	return value, nil
}

// templateText returns the template of a definition's file, or the text itself where it is a bare template.
func templateText(source string) string {
	if split, err := splitDefinition(source); err == nil {
		return split.template + openEnds
	}
	return source + openEnds
}

// fill puts JSON at the fields parameter and context of a compiled template.
func fill(template cue.Value, parameter, context json.RawMessage) (cue.Value, error) {
	data := template.Context().CompileString("{}")
	for field, text := range map[string]json.RawMessage{"parameter": orEmpty(parameter), "context": orEmpty(context)} {
		value := template.Context().CompileBytes(text, cue.Filename(field))
		if err := value.Err(); err != nil {
			return cue.Value{}, at(field, err)
		}
		data = data.FillPath(cue.ParsePath(field), value)
	}
	return template.Unify(data), nil
}

// compileFilled compiles template, parameter and context as one, which is how KubeVela does it. It gives the same as
// fill, but where sides conflict CUE names them in another order: use it to say what is wrong in the words that
// KubeVela says it.
func compileFilled(source string, parameter, context json.RawMessage) (cue.Value, error) {
	template, err := parser.ParseFile(definitionFile, templateText(source), parser.ParseComments)
	if err != nil {
		return cue.Value{}, err
	}
	files := []*ast.File{template}
	for _, each := range []struct {
		field string
		text  json.RawMessage
	}{{"parameter", orEmpty(parameter)}, {"context", orEmpty(context)}} {
		value, err := parser.ParseExpr(each.field, []byte(each.text))
		if err != nil {
			return cue.Value{}, err
		}
		files = append(files, &ast.File{Decls: []ast.Decl{&ast.Field{Label: ast.NewIdent(each.field), Value: value}}})
	}
	return buildFiles(files...)
}

func orEmpty(data json.RawMessage) json.RawMessage {
	if len(data) == 0 || string(data) == "null" {
		return json.RawMessage("{}")
	}
	return data
}
