//go:build js && wasm

package main

import (
	"cuelang.org/go/cue/build"
	"cuelang.org/go/cue/parser"
)

// velaSources are the packages that a workflow step of ours may import: what each action takes and gives. Who carries
// the actions out is the host.
var velaSources = map[string]string{
	"vela/kube": `package kube

#Apply: {
	#do:       "apply"
	#provider: "kube"
	$params: {
		cluster: *"" | string
		value: {...}
		...
	}
	$returns?: {value?: {...}, err?: string, ...}
}
#Read: {
	#do:       "read"
	#provider: "kube"
	$params: {
		cluster: *"" | string
		value: {apiVersion: string, kind: string, metadata: {name: string, namespace: *"default" | string, ...}, ...}
		...
	}
	$returns?: {value?: {...}, err?: string, ...}
}
#Delete: {
	#do:       "delete"
	#provider: "kube"
	$params: {
		cluster: *"" | string
		value: {apiVersion: string, kind: string, metadata: {name: string, namespace: *"default" | string, ...}, ...}
		...
	}
	$returns?: {err?: string, ...}
}
`,
	"vela/builtin": `package builtin

#ConditionalWait: {
	#do:       "wait"
	#provider: "builtin"
	$params: {
		continue: *false | bool
		message?: string
	}
}
#Suspend: {
	#do:       "suspend"
	#provider: "builtin"
	$params: {
		duration?: string
		message?:  string
	}
}
#Break: {
	#do:       "break"
	#provider: "builtin"
	$params: message?: string
}
#Fail: {
	#do:       "fail"
	#provider: "builtin"
	$params: message?: string
}
#Message: {
	#do:       "message"
	#provider: "builtin"
	$params: message?: string
}
`,
	"vela/util": `package util

#Log: {
	#do:       "log"
	#provider: "util"
	$params: {...}
}
`,
}

// velaPackages builds the packages again for every compilation: an instance belongs to the context that first used it.
func velaPackages() ([]*build.Instance, error) {
	packages := make([]*build.Instance, 0, len(velaSources))
	for path, source := range velaSources {
		instance := build.NewContext().NewInstance("", nil)
		instance.ImportPath = path
		file, err := parser.ParseFile(path, source)
		if err != nil {
			return nil, err
		}
		instance.PkgName = file.PackageName()
		if err := instance.AddSyntax(file); err != nil {
			return nil, err
		}
		packages = append(packages, instance)
	}
	return packages, nil
}
