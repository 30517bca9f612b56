// Command fmt writes CUE files in the one layout that `cue fmt` gives them. With -check it changes nothing, names the
// files that differ and exits with 1.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"cuelang.org/go/cue/format"
)

func main() {
	check := flag.Bool("check", false, "name the files that differ instead of writing them")
	flag.Parse()
	differ := false
	for _, name := range flag.Args() {
		changed, err := formatFile(name, !*check)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			os.Exit(2)
		}
		if changed && *check {
			fmt.Fprintf(os.Stderr, "%s is not formatted: make fix\n", name)
			differ = true
		}
	}
	if differ {
		os.Exit(1)
	}
}

// formatFile reports whether the file differs from its formatted text, and writes that text where asked to.
func formatFile(name string, write bool) (bool, error) {
	source, err := os.ReadFile(name)
	if err != nil {
		return false, err
	}
	formatted, err := format.Source(source)
	if err != nil {
		return false, err
	}
	if bytes.Equal(source, formatted) {
		return false, nil
	}
	if write {
		return true, os.WriteFile(name, formatted, 0o644)
	}
	return true, nil
}
