// SPDX-License-Identifier: MIT

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
)

// flow is struct flow of ../../baseline/baseline.h.
type flow struct {
	Packets uint64
	Bytes   uint32
	Flags   uint32
}

type entry struct {
	key   uint32
	value flow
}

const (
	chunkEntries = 4096
	counters     = 512
)

var opened *ebpf.Map

// What was read, so that no compiler can drop the reading.
var (
	sink     uint64
	kept     []entry
	keptByID map[uint32]flow
)

func openMap(arguments []string) (time.Duration, error) {
	found, err := ebpf.NewMapFromID(ebpf.MapID(number(arguments, 0)))
	if err == nil {
		opened = found
	}
	return 0, err
}

// withKeys makes the keys of a slice before its time begins: those of spreadKeys in ../../keys.ts.
func withKeys(run func(keys []uint32) error) command {
	return func(arguments []string) (time.Duration, error) {
		from, count := number(arguments, 0), number(arguments, 1)
		keys := make([]uint32, count)
		for index := range keys {
			keys[index] = (from + uint32(index)) * 0x9e3779b1
		}
		begin := time.Now()
		err := run(keys)
		return time.Since(begin), err
	}
}

func lookup(keys []uint32) error {
	var value flow
	sum := uint64(0)
	for index := range keys {
		if err := opened.Lookup(&keys[index], &value); err != nil {
			return err
		}
		sum += value.Packets + uint64(value.Bytes) + uint64(value.Flags)
	}
	sink = sum
	return nil
}

func miss(keys []uint32) error {
	var value flow
	for index := range keys {
		err := opened.Lookup(&keys[index], &value)
		if !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("there is an entry: %w", err)
		}
	}
	return nil
}

func update(keys []uint32) error {
	for index := range keys {
		value := flow{Packets: 1, Bytes: uint32(index), Flags: 2}
		if err := opened.Put(&keys[index], &value); err != nil {
			return err
		}
	}
	return nil
}

func remove(keys []uint32) error {
	for index := range keys {
		if err := opened.Delete(&keys[index]); err != nil {
			return err
		}
	}
	return nil
}

// dump reads all entries by batches: "callback" hands each to a function, "array" and "map" keep them.
func dump(arguments []string) (time.Duration, error) {
	count, kind := int(number(arguments, 0)), word(arguments, 1)
	kept, keptByID = nil, nil
	seen := 0
	begin := time.Now()
	var visit func(key uint32, value flow)
	switch kind {
	case "callback":
		visit = func(key uint32, value flow) {
			if value.Bytes > 0 {
				seen++
			}
		}
	case "array":
		visit = func(key uint32, value flow) {
			kept = append(kept, entry{key, value})
			seen++
		}
	case "map":
		keptByID = make(map[uint32]flow)
		visit = func(key uint32, value flow) {
			keptByID[key] = value
			seen++
		}
	default:
		return 0, fmt.Errorf("no such kind")
	}
	if err := walk(visit); err != nil {
		return 0, err
	}
	duration := time.Since(begin)
	if seen != count {
		return 0, fmt.Errorf("%d entries of %d", seen, count)
	}
	return duration, nil
}

func walk(visit func(key uint32, value flow)) error {
	keys := make([]uint32, chunkEntries)
	values := make([]flow, chunkEntries)
	var cursor ebpf.MapBatchCursor
	for {
		found, err := opened.BatchLookup(&cursor, keys, values, nil)
		if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return err
		}
		for index := range found {
			visit(keys[index], values[index])
		}
		if err != nil {
			return nil
		}
	}
}

// counter reads the 64-bit counters of a memory-mapped array, one after the other, as the library reads them.
func counter(arguments []string) (time.Duration, error) {
	reads := int(number(arguments, 0))
	memory, err := opened.Memory()
	if err != nil {
		return 0, err
	}
	var value [8]byte
	sum := uint64(0)
	begin := time.Now()
	for index := range reads {
		if _, err := memory.ReadAt(value[:], int64(index%counters*8)); err != nil {
			return 0, err
		}
		sum += binary.LittleEndian.Uint64(value[:])
	}
	duration := time.Since(begin)
	sink = sum
	return duration, nil
}
