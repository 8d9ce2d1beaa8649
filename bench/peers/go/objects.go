// SPDX-License-Identifier: MIT

package main

import (
	"time"

	"github.com/cilium/ebpf"
)

// load opens, loads and closes an object. The library keeps the kernel's BTF from the first load on.
func load(arguments []string) (time.Duration, error) {
	begin := time.Now()
	spec, err := ebpf.LoadCollectionSpec(word(arguments, 0))
	if err != nil {
		return 0, err
	}
	collection, err := ebpf.NewCollection(spec)
	if err != nil {
		return 0, err
	}
	collection.Close()
	return time.Since(begin), nil
}
