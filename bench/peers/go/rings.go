// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// event is struct event of ../../programs/events.bpf.c.
type event struct {
	Time     uint64
	Duration uint64
	Bytes    uint64
	PID      uint32
	TID      uint32
	UID      uint32
	CPU      uint32
	Flags    uint32
	Result   uint32
	Comm     string
}

// As many as a batch of the package holds.
const batchRecords = 4096

const patience = 2 * time.Second

var (
	reader *ringbuf.Reader
	events []*event
)

func openRing(arguments []string) (time.Duration, error) {
	ring, err := ebpf.NewMapFromID(ebpf.MapID(number(arguments, 0)))
	if err != nil {
		return 0, err
	}
	reader, err = ringbuf.NewReader(ring)
	return 0, err
}

// decode does by hand what binary.Decode does by reflection, and three times as fast.
func decode(sample []byte) *event {
	name := sample[48:64]
	if end := bytes.IndexByte(name, 0); end >= 0 {
		name = name[:end]
	}
	return &event{
		Time:     binary.LittleEndian.Uint64(sample[0:]),
		Duration: binary.LittleEndian.Uint64(sample[8:]),
		Bytes:    binary.LittleEndian.Uint64(sample[16:]),
		PID:      binary.LittleEndian.Uint32(sample[24:]),
		TID:      binary.LittleEndian.Uint32(sample[28:]),
		UID:      binary.LittleEndian.Uint32(sample[32:]),
		CPU:      binary.LittleEndian.Uint32(sample[36:]),
		Flags:    binary.LittleEndian.Uint32(sample[40:]),
		Result:   binary.LittleEndian.Uint32(sample[44:]),
		Comm:     string(name),
	}
}

// takers say what is done with each record: nothing, three fields read, decoded for a function that
// drops it, decoded and kept until the next batch, or until all were read.
var takers = map[string]func(sample []byte){
	"raw": func(sample []byte) { sink += uint64(len(sample)) },
	"fields": func(sample []byte) {
		if binary.LittleEndian.Uint32(sample[44:]) != 0 && binary.LittleEndian.Uint32(sample[24:]) > 0 {
			sink++
		}
		sink += uint64(binary.LittleEndian.Uint32(sample[36:]))
	},
	"callback": func(sample []byte) {
		if event := decode(sample); event.Result != 0 && event.PID > 0 {
			sink++
		}
	},
	"batches": func(sample []byte) {
		if len(events) == batchRecords {
			events = nil
		}
		events = append(events, decode(sample))
	},
	"all": func(sample []byte) { events = append(events, decode(sample)) },
}

// drain reads as many records as the ring was filled with.
func drain(arguments []string) (time.Duration, error) {
	count := int(number(arguments, 0))
	take, known := takers[word(arguments, 1)]
	if !known {
		return 0, fmt.Errorf("no such kind")
	}
	events = nil
	reader.SetDeadline(time.Now().Add(patience))
	var record ringbuf.Record
	begin := time.Now()
	for range count {
		if err := reader.ReadInto(&record); err != nil {
			return 0, err
		}
		take(record.RawSample)
	}
	return time.Since(begin), nil
}

// latency gives the median of the times from a record's own, its first field, to its arrival here.
func latency(arguments []string) (time.Duration, error) {
	count := int(number(arguments, 0))
	latencies := make([]time.Duration, 0, count)
	offset, err := sinceBoot()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	reader.SetDeadline(begin.Add(patience))
	var record ringbuf.Record
	for len(latencies) < count {
		if err := reader.ReadInto(&record); err != nil {
			return 0, err
		}
		now := offset + time.Since(begin)
		latencies = append(latencies, now-time.Duration(binary.LittleEndian.Uint64(record.RawSample)))
	}
	slices.Sort(latencies)
	return latencies[count/2], nil
}

// sinceBoot is the kernel's clock, which Go's own time has no number for.
func sinceBoot() (time.Duration, error) {
	var now unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return time.Duration(now.Nano()), err
}
