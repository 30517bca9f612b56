//go:build js && wasm

package main

import (
	"encoding/json"
	"fmt"
	"sort"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/parser"
)

// evaluate compiles several files of one package, such as an addon's, and returns the fields of it that are asked for
// by a path, null where there is none.
func evaluate(asked *request) (any, error) {
	names := make([]string, 0, len(asked.Files))
	for name := range asked.Files {
		names = append(names, name)
	}
	sort.Strings(names)
	files := make([]*ast.File, 0, len(names))
	for _, name := range names {
		file, err := parser.ParseFile(name, asked.Files[name], parser.ParseComments)
		if err != nil {
			return nil, at("compile", err)
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no files to evaluate")
	}
	value, err := compileFiles(files...)
	if err != nil {
		return nil, at("compile", err)
	}
	found := value.LookupPath(cue.ParsePath(asked.Expression))
	if !found.Exists() {
		return json.RawMessage("null"), nil
	}
	text, err := finalJSON(found)
	return text, at("evaluate", err)
}
