//go:build js && wasm

// Command cue gives CUE to a JavaScript host the way KubeVela uses it: one function, a JSON request in and a JSON
// answer out. Every request carries the sources it needs; what was compiled for it is only a cache, so a host may
// replace this instance at any time and lose nothing.
package main

import (
	"encoding/json"
	"fmt"
	"syscall/js"
)

// request is what the host asks for. Which fields count depends on Do.
type request struct {
	Do         string            `json:"do"`
	Source     string            `json:"source"`
	Parameter  json.RawMessage   `json:"parameter"`
	Context    json.RawMessage   `json:"context"`
	Status     statusTemplates   `json:"status"`
	Base       json.RawMessage   `json:"base"`
	Answers    []answer          `json:"answers"`
	Files      map[string]string `json:"files"`
	Expression string            `json:"expression"`
}

var handlers = map[string]func(*request) (any, error){
	"describe": describe,
	"check":    check,
	"render":   render,
	"patch":    patch,
	"status":   status,
	"step":     step,
	"evaluate": evaluate,
}

func handle(text string) (reply string) {
	defer func() {
		if reason := recover(); reason != nil {
			reply = answerJSON(nil, fmt.Errorf("CUE broke down: %v", reason))
		}
	}()
	var asked request
	if err := json.Unmarshal([]byte(text), &asked); err != nil {
		return answerJSON(nil, fmt.Errorf("unreadable request: %w", err))
	}
	handler, known := handlers[asked.Do]
	if !known {
		return answerJSON(nil, fmt.Errorf("unknown request %q", asked.Do))
	}
	result, err := handler(&asked)
	return answerJSON(result, err)
}

func answerJSON(result any, err error) string {
	reply := map[string]any{"result": result}
	if err != nil {
		reply = map[string]any{"error": describeError(err)}
	}
	text, err := json.Marshal(reply)
	if err != nil {
		text, _ = json.Marshal(map[string]any{"error": describeError(err)})
	}
	return string(text)
}

func main() {
	js.Global().Set("cueRequest", js.FuncOf(func(_ js.Value, arguments []js.Value) any {
		return handle(arguments[0].String())
	}))
	select {}
}
