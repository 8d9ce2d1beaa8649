// SPDX-License-Identifier: MIT

// The Go side of the comparisons: what a program over github.com/cilium/ebpf would do, timed by
// itself. It reads one command a line, works on one slice, and answers with the nanoseconds that the
// slice took, or with the words of an error. See ../go.ts.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

type command func(arguments []string) (time.Duration, error)

var commands = map[string]command{
	"map":     openMap,
	"lookup":  withKeys(lookup),
	"miss":    withKeys(miss),
	"update":  withKeys(update),
	"delete":  withKeys(remove),
	"dump":    dump,
	"counter": counter,
	"ring":    openRing,
	"drain":   drain,
	"latency": latency,
	"load":    load,
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		duration, err := answer(words)
		if err != nil {
			fmt.Printf("error %s: %s\n", lines.Text(), strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Println(duration.Nanoseconds())
	}
}

func answer(words []string) (time.Duration, error) {
	if len(words) == 0 {
		return 0, fmt.Errorf("no command")
	}
	run, known := commands[words[0]]
	if !known {
		return 0, fmt.Errorf("no such command")
	}
	return run(words[1:])
}

// number is the argument at an index, or 0: what needs more finds that nothing was done.
func number(arguments []string, index int) uint32 {
	if index >= len(arguments) {
		return 0
	}
	value, _ := strconv.ParseUint(arguments[index], 10, 32)
	return uint32(value)
}

func word(arguments []string, index int) string {
	if index >= len(arguments) {
		return ""
	}
	return arguments[index]
}
