package main

// verdict.go answers: which aims are reached, and where is hikkoshi behind? Both are worked out from the results, so that
// no run can flatter. Next: plot.go.

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The aims of the project.
const (
	aimOfLimit  = 0.9
	mostOfLimit = 1.1 // beyond it the limit was none
	aimOfDump   = 3.0
	aimMemory   = 300 * mib
	aimPerCPU   = 10.0
	peersPerCPU = 12.6e6 // bytes a second of processor time: the strongest peer's full path, measured in 2026
)

// aim is one row: what is wanted, of whom, and how one dataset stands; has is false where it can't be told.
type aim struct {
	title, kind, name string
	stands            func(s summary, all []summary) (result string, ok, has bool)
}

// against compares with another contestant of the same dataset.
func against(other string, wanted float64) func(summary, []summary) (string, bool, bool) {
	return func(s summary, all []summary) (string, bool, bool) {
		ratio := s.beside(find(all, other))
		return fmt.Sprintf("%.2f ×", ratio), ratio >= wanted, ratio > 0
	}
}

// ofLimit compares with the bare client. Who is faster than the limit has shown that it was not measured: its rounds met
// other neighbours, and no aim is reached by that.
func ofLimit(s summary, all []summary) (string, bool, bool) {
	ratio := s.beside(find(all, byBare))
	if ratio > mostOfLimit {
		return "no limit measured (" + percent(ratio) + ")", false, true
	}
	return percent(ratio), ratio >= aimOfLimit, ratio > 0
}

// ofDump compares with elasticdump, and says where the target itself takes less than is wanted, whoever sends.
func ofDump(s summary, all []summary) (string, bool, bool) {
	result, ok, has := against(byElasticdump, aimOfDump)(s, all)
	if limit := find(all, byBare).beside(find(all, byElasticdump)); !ok && limit > 0 && limit < aimOfDump {
		result += fmt.Sprintf(", and the target's own limit is %.2f ×", limit)
	}
	return result, ok, has
}

func aims() []aim {
	all := []aim{
		{"90% of what the target takes at all", kindLoad, byBackfill, ofLimit},
		{"3 times elasticdump", kindLoad, byBackfill, ofDump},
		{"ahead of remote `_reindex`", kindLoad, byBackfill, against(byReindex, 1)},
		{"under 300 MiB", kindLoad, byBackfill, func(s summary, _ []summary) (string, bool, bool) { return memory(s), s.peak < aimMemory, s.peak > 0 }},
		{"nothing on the source but the snapshot", kindLoad, byBackfill, func(s summary, _ []summary) (string, bool, bool) {
			asked := s.source.Searches + s.source.Scrolls + s.source.Fetches
			return fmt.Sprintf("%d searches", asked), asked == 0, true
		}},
	}
	for _, way := range []string{wayPlain, wayRule, wayExpr, wayPlainGzip, wayRuleGzip} {
		title := fmt.Sprintf("%.0f MB a second of the client's processor time: %s", aimPerCPU*peersPerCPU/1e6, way)
		all = append(all, aim{title, kindClient, way, func(s summary, _ []summary) (string, bool, bool) {
			return fmt.Sprintf("%.0f MB", s.perCPU/1e6), s.perCPU >= aimPerCPU*peersPerCPU, true
		}})
	}
	return all
}

// aims says of each aim and dataset whether it is reached.
func (r *results) aims(p *printer) {
	keys := r.measured(kindLoad, kindClient)
	p.line("## What is reached\n")
	head, rule := "| aim |", "|---|"
	for _, key := range keys {
		head, rule = head+fmt.Sprintf(" %s, %s %s |", strings.ReplaceAll(arrow(key.pair), "Elasticsearch ", ""), whole(float64(key.documents)), key.data), rule+"---|"
	}
	p.line("%s\n%s", head, rule)
	for _, one := range aims() {
		row, told := "| "+one.title+" |", false
		for _, key := range keys {
			result := "-"
			all := r.everybody(one.kind, key)
			if i := slices.IndexFunc(all, func(s summary) bool { return s.name == one.name && s.count > 0 }); i >= 0 {
				if value, ok, has := one.stands(all[i], all); has {
					told, result = true, value
					if !ok {
						result = "**" + value + ", missed**"
						if strings.HasPrefix(value, "no ") {
							result = "**" + value + "**"
						}
					}
				}
			}
			row += " " + result + " |"
		}
		if told {
			p.line("%s", row)
		}
	}
	// A client, a source and a target keep a load average of up to twice the processors by themselves (measured on an idle machine).
	const own = 2
	if most, processors := r.busiest(); most > own*float64(processors) && processors > 0 {
		p.line("\n**Not to be relied on:** the load average was up to %.0f on %d processors, more than client, source and target make by themselves, so other programs took a part of the machine, and what is measured by the clock tells of them as much as of the contestants. Processor times hold better, but where there are few documents they are mostly those of starting.", most, processors)
	}
	p.line("\nThe strongest peer's whole path was measured at 7.5 to %.1f MB a second of its processor time; the last aim is %.0f times that. What `hikkoshi apply` does around the load (snapshot, catch-up, proof) is told below.\n", peersPerCPU/1e6, aimPerCPU)
}

// behind lists everything in which somebody is better than hikkoshi's backfill.
func (r *results) behind(p *printer) {
	var lines []string
	for _, key := range r.measured(kindLoad) {
		all := r.everybody(kindLoad, key)
		i := slices.IndexFunc(all, func(s summary) bool { return s.name == byBackfill && s.count > 0 })
		if i < 0 {
			continue
		}
		own, where := all[i], arrow(key.pair)+", "+r.describe(key)
		for _, s := range all {
			if s.name == byBackfill || s.count == 0 {
				continue
			}
			if ratio := s.beside(own); ratio > 1 {
				lines = append(lines, fmt.Sprintf("%s: %s is %.2f × as fast.", where, titleOf(s.name), ratio))
			}
			if s.peak > 0 && s.peak < own.peak && s.name != byRestore && s.name != byBare {
				lines = append(lines, fmt.Sprintf("%s: %s holds %s of memory, hikkoshi %s.", where, titleOf(s.name), memory(s), memory(own)))
			}
			if s.name != byBare && s.name != byRestore && s.targetCPU < own.targetCPU {
				lines = append(lines, fmt.Sprintf("%s: %s costs the target %.0f µs a document, hikkoshi %.0f.", where, titleOf(s.name), s.targetCPU*1e6, own.targetCPU*1e6))
			}
		}
	}
	if own, ok := r.fidelityOf(byBackfill); ok {
		for _, verdict := range own {
			lines = append(lines, "Not byte for byte: "+verdict+".")
		}
	}
	if len(lines) == 0 {
		return
	}
	p.line("## Where hikkoshi's backfill is behind\n")
	for _, line := range lines {
		p.line("- %s", line)
	}
	p.line("")
}

// fidelityOf lists the odd documents that did not arrive byte for byte.
func (r *results) fidelityOf(name string) (all []string, ok bool) {
	for _, e := range r.entries {
		if e.Kind != kindFidelity || e.Contestant != name {
			continue
		}
		ok = true
		for _, document := range oddDocuments() {
			if verdict := e.Verdicts[document.name]; verdict != verdictBytes {
				all = append(all, fmt.Sprintf("%s, %s: %s", arrow(e.Pair), document.name, verdict))
			}
		}
	}
	return all, ok
}

// busiest is the highest load average of any load into a real target, which is told by the clock, and how many processors there were.
func (r *results) busiest() (most float64, processors int) {
	for _, e := range r.entries {
		if average, err := strconv.ParseFloat(firstAverage(e.Load), 64); err == nil && e.Kind == kindLoad {
			most = max(most, average)
		}
		for _, text := range e.Machine {
			for _, part := range strings.Split(text, ", ") {
				// A line without the number leaves it as it is.
				_, _ = fmt.Sscanf(part, "%d processors", &processors)
			}
		}
	}
	return most, processors
}
