package main

// forecast.go answers: what limits a large move, and what does it cost? What was measured here, times what a person knows of
// the move. Next: page.go.

import (
	"flag"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/lucene"
)

// scenario is a move, as a person describes it.
type scenario struct {
	Terabytes float64
	Workers   int
	// Processors are those of one worker.
	Processors int
	// Ratio is how many bytes of _source a byte of the snapshot's stored fields holds.
	Ratio float64
	// ClientRate is MB of _source that a second of a worker's processor reads, rewrites and sends.
	ClientRate float64
	// Network is MB a second that one worker reads from the object store.
	Network float64
	// Nodes are the target's data nodes, NodeRate MB of _source a second that one of them indexes.
	Nodes    int
	NodeRate float64
	// PriceGet is of a thousand GETs, PriceGigabyte of a GB that leaves the object store's region, PriceHour of a worker, in
	// any currency; 0 leaves the line to the reader.
	PriceGet, PriceGigabyte, PriceHour float64
}

func (s *scenario) flags() {
	flag.Float64Var(&s.Terabytes, "terabytes", 100, "forecast: TB of _source to move")
	flag.IntVar(&s.Workers, "workers", 200, "forecast: worker machines")
	flag.IntVar(&s.Processors, "processors", 2, "forecast: processors of each")
	flag.Float64Var(&s.Ratio, "ratio", 0, "forecast: bytes of _source in a byte of stored fields; 0 is that of the largest repository measured")
	flag.Float64Var(&s.ClientRate, "client-rate", 110, "forecast: MB of _source a second of a worker's processor carries; go run ./bench/load -parts client measures it")
	flag.Float64Var(&s.Network, "network", 100, "forecast: MB a second that a worker reads from the object store")
	flag.IntVar(&s.Nodes, "nodes", 60, "forecast: data nodes of the target")
	flag.Float64Var(&s.NodeRate, "node-rate", 20, "forecast: MB of _source a second that one of them indexes; hikkoshi plan --rehearse measures it")
	flag.Float64Var(&s.PriceGet, "price-get", 0, "forecast: price of a thousand GETs")
	flag.Float64Var(&s.PriceGigabyte, "price-gigabyte", 0, "forecast: price of a GB out of the object store")
	flag.Float64Var(&s.PriceHour, "price-hour", 0, "forecast: price of a worker machine for an hour")
}

// unitBytes is what a unit reads of a repository (internal/load: unitBytes).
const unitBytes = 32 << 20

// row is one line of a forecast.
type row struct{ what, value, how string }

// reckon gives the lines.
func (s scenario) reckon(m *measured) []row {
	ratio, reads := s.Ratio, m.largest()
	if ratio == 0 {
		ratio = float64(reads.Source) / float64(reads.Read)
	}
	source := s.Terabytes * 1e12
	stored := source / ratio
	units := stored / unitBytes
	gets := stored/lucene.DefaultReadAhead + units*reads.SmallEach()
	opening := float64(s.Workers+1) * float64(reads.Open)
	cpu := source / 1e6 / s.ClientRate / 3600
	byClient := cpu / float64(s.Workers*s.Processors)
	byNetwork := stored / 1e6 / (float64(s.Workers) * s.Network) / 3600
	byTarget := source / 1e6 / (float64(s.Nodes) * s.NodeRate) / 3600
	byLeader := units / m.Queue.CommitPerSecond / 3600
	longest := max(byClient, byNetwork, byTarget, byLeader)
	inHand := float64(s.Workers * s.Processors)
	rows := []row{
		{"stored fields to read", fmt.Sprintf("%.1f TB", stored/1e12), fmt.Sprintf("_source / %.2f", ratio)},
		{"units", fmt.Sprintf("%.0f", units), fmt.Sprintf("stored fields / %d MiB", unitBytes>>20)},
		{"GETs", fmt.Sprintf("%.1f million", (gets+opening)/1e6), fmt.Sprintf("one for %d MiB, %.1f small ones a unit, %d for each worker that opens the repository", lucene.DefaultReadAhead>>20, reads.SmallEach(), reads.Open)},
		price("GETs cost", (gets+opening)/1000, s.PriceGet, "thousand GETs"),
		price("bytes out of the object store cost", stored/1e9, s.PriceGigabyte, "GB (0 within one region of most providers)"),
		{"client's processors", fmt.Sprintf("%.0f hours", cpu), fmt.Sprintf("_source / %g MB a second", s.ClientRate)},
		{"time if the workers are the limit", hours(byClient), fmt.Sprintf("%d workers of %d processors", s.Workers, s.Processors)},
		{"time if the object store is the limit", hours(byNetwork), fmt.Sprintf("stored fields / (%d workers × %g MB/s)", s.Workers, s.Network)},
		{"time if the target is the limit", hours(byTarget), fmt.Sprintf("_source / (%d nodes × %g MB/s)", s.Nodes, s.NodeRate)},
		{"time if the leader is the limit", hours(byLeader), fmt.Sprintf("units / %.0f a second taken and committed", m.Queue.CommitPerSecond)},
		{"**time of the load**", "**" + hours(longest) + "**", "the longest of the four"},
		price("worker machines cost", float64(s.Workers)*longest, s.PriceHour, "hours of a machine"),
		{"_source each worker carries", fmt.Sprintf("%.1f MB/s", source/1e6/longest/3600/float64(s.Workers)), "over that time"},
		{"workers that would do", fmt.Sprintf("%.0f", max(1, float64(s.Workers)*byClient/longest+.5)), "the client's processors busy all the time; more workers do not make it shorter"},
		{"bodies under way at the least", fmt.Sprintf("%d, %.1f GB", s.Workers, float64(s.Workers)*5*1.048576/1e3), "one of 5 MiB a worker, whatever the target answers"},
		{"units committed a second", fmt.Sprintf("%.1f", units/longest/3600), "units / time"},
		{"checkpoints a second at the most", fmt.Sprintf("%.0f", inHand), "one a second of each unit in hand"},
		{"leader's disk and memory at the end", fmt.Sprintf("%.1f GB, %.1f GB", units*m.Queue.Disk/1e9, units*m.Queue.Heap/1e9), fmt.Sprintf("%.0f and %.0f bytes a unit", m.Queue.Disk, m.Queue.Heap)},
	}
	return rows
}

func hours(count float64) string {
	if count < 1 {
		return fmt.Sprintf("%.0f minutes", count*60)
	}
	return fmt.Sprintf("%.1f hours", count)
}

func price(what string, count, each float64, unit string) row {
	if each == 0 {
		return row{what, fmt.Sprintf("%.0f × price", count), "price of a " + strings.TrimPrefix(unit, "hours of a ") + ": yours"}
	}
	return row{what, fmt.Sprintf("%.0f", count*each), fmt.Sprintf("%.0f × %g", count, each)}
}

// largest is the repository of which the most was read: the one most like a large move.
func (m *measured) largest() Reads {
	largest := Reads{Source: 1, Read: 1, Units: 1}
	for _, reads := range m.Reads {
		if reads.Read > largest.Read {
			largest = reads
		}
	}
	return largest
}

// table is a forecast for people.
func (s scenario) table(m *measured) string {
	var text strings.Builder
	fmt.Fprintf(&text, "| %g TB of _source, %d workers, %d data nodes | | how it is reckoned |\n|-|-|-|\n", s.Terabytes, s.Workers, s.Nodes)
	for _, line := range s.reckon(m) {
		fmt.Fprintf(&text, "| %s | %s | %s |\n", line.what, line.value, line.how)
	}
	return text.String()
}
