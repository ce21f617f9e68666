package main

// report.go answers: what did the run show? Tables as Markdown, out of the results alone. Next: verdict.go, plot.go.

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const mib = 1 << 20

// printer collects lines.
type printer struct{ strings.Builder }

func (p *printer) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// report is docs/benchmarks-load.md.
func (r *results) report() string {
	var p printer
	p.line("# Benchmarks: the load into a newer cluster\n")
	p.line("Written by `go run ./bench/load` out of measurements that ended on %s; don't edit, run it again. How fast documents are read out of a snapshot is in [benchmarks.md](benchmarks.md).\n", r.last())
	r.aims(&p)
	p.line("![Documents a second](benchmarks-load.svg)\n")
	r.behind(&p)
	r.loads(&p)
	r.wholes(&p)
	r.clients(&p)
	r.fidelity(&p)
	r.method(&p)
	return p.String()
}

// last is when the last measurement ended.
func (r *results) last() string {
	last := ""
	for _, e := range r.entries {
		last = max(last, e.When)
	}
	return last
}

func firstAverage(load string) string {
	first, _, _ := strings.Cut(load, " ")
	return first
}

// whole groups digits by thousands.
func whole(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func (r *results) loads(p *printer) {
	p.line("## Into a real target\n")
	for _, key := range r.measured(kindLoad) {
		all := r.everybody(kindLoad, key)
		limit, dump := find(all, byBare), find(all, byElasticdump)
		p.line("### %s, %s\n", arrow(key.pair), r.describe(key))
		p.line("| | documents/s, median (lowest to highest) | MB/s | of the target's limit | of elasticdump | client, µs a document | client's peak memory | target, µs a document | client, target and source, µs a document | source: CPU | searches, pages of a scroll | bytes sent by it | load average |")
		p.line("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
		for _, s := range all {
			if s.count == 0 {
				p.line("| %s | failed: %s | | | | | | | | | | | |", titleOf(s.name), cell(s.failed[0]))
				continue
			}
			p.line("| %s | **%s** (%s to %s) | %.1f | %s | %s | %s | %s | %.0f | %.0f | %.1f s | %d, %d | %s | %s |", titleOf(s.name), whole(s.rate), whole(s.low), whole(s.high), s.bytesRate/1e6,
				percent(s.beside(limit)), times(s.beside(dump)), micro(s.cpu), memory(s), s.targetCPU*1e6, s.together()*1e6, s.source.CPU, s.source.Searches, s.source.Fetches, size(float64(s.source.Written)), strings.Join(s.loads, ", "))
		}
		p.line("")
		for _, s := range all {
			for _, failure := range s.failed {
				p.line("%s failed once: %s\n", titleOf(s.name), cell(failure))
			}
		}
	}
}

func cell(text string) string {
	text = strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
	return text[:min(len(text), 200)]
}

func arrow(pair string) string {
	source, target, _ := strings.Cut(pair, "-")
	return named(source) + " to " + named(target)
}

// named is a version for a person.
func named(version string) string {
	if number, opensearch := cutOpenSearch(version); opensearch {
		return "OpenSearch " + number
	}
	return "Elasticsearch " + version
}

// describe says what a dataset is.
func (r *results) describe(of subject) string {
	for _, e := range r.entries {
		if e.subject() == of && e.Bytes > 0 {
			what := map[string]string{"nginx": "events of nginx", "nested": "orders with nested lines"}[of.data]
			return fmt.Sprintf("%s %s, %.0f MB of source", whole(float64(e.Documents)), what, float64(e.Bytes)/1e6)
		}
	}
	return of.data
}

func percent(ratio float64) string {
	if ratio == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", 100*ratio)
}

func times(ratio float64) string {
	if ratio == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f ×", ratio)
}

func micro(seconds float64) string {
	if seconds == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", seconds*1e6)
}

func memory(s summary) string {
	if s.peak == 0 || s.name == byRestore {
		return "-"
	}
	return fmt.Sprintf("%.0f MiB", s.peak/mib)
}

func size(bytes float64) string {
	switch {
	case bytes >= 1e6:
		return fmt.Sprintf("%.0f MB", bytes/1e6)
	case bytes >= 1e3:
		return fmt.Sprintf("%.0f kB", bytes/1e3)
	}
	return fmt.Sprintf("%.0f B", bytes)
}

// wholes tells what a move takes around the load.
func (r *results) wholes(p *printer) {
	if len(r.measured(kindWhole)) == 0 {
		return
	}
	p.line("## The whole move\n")
	p.line("`hikkoshi apply`, the program itself, once: a snapshot of its own, the load by backfill, the catch-up of what was written meanwhile, and the proof that compares every document of both sides. What it asks of the source is asked by the steps around the load.\n")
	p.line("| | clock | of that the step backfill | the longest other steps | client: CPU | peak memory | source: CPU | searches, pages of a scroll | bytes sent by it | load average |")
	p.line("|---|---|---|---|---|---|---|---|---|---|")
	for _, key := range r.measured(kindWhole) {
		for i := len(r.entries) - 1; i >= 0; i-- {
			e := r.entries[i]
			if e.Kind != kindWhole || e.subject() != key {
				continue
			}
			what := arrow(e.Pair) + ", " + r.describe(e.subject())
			if e.Failed != "" {
				p.line("| %s | failed: %s | | | | | | | | |", what, cell(e.Failed))
				break
			}
			p.line("| %s | %.1f s | %.1f s | %s | %.1f s | %.0f MiB | %.1f s | %d, %d | %s | %s |", what, e.Wall, e.Steps["backfill"], longest(e.Steps), e.CPU, float64(e.PeakRSS)/mib,
				e.Source.CPU, e.Source.Searches, e.Source.Fetches, size(float64(e.Source.Written)), firstAverage(e.Load))
			break
		}
	}
	p.line("")
}

// longest names the three longest steps but the load.
func longest(steps map[string]float64) string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(steps)), func(name string) bool { return name == "backfill" })
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(steps[b], steps[a]) })
	var told []string
	for _, name := range names[:min(3, len(names))] {
		told = append(told, fmt.Sprintf("%s %.1f s", name, steps[name]))
	}
	return strings.Join(told, ", ")
}

func (r *results) clients(p *printer) {
	if len(r.measured(kindClient)) == 0 {
		return
	}
	p.line("## The client alone\n")
	p.line("Against a server of our own in another process, which reads each body, answers each action and keeps nothing. It leaves out parsing, indexing, the disk, and a network; what is left is what the client costs. hikkoshi reads the snapshot, rewrites, packs, sends and reads the answers; elasticdump reads a file of its own form, or the live source. A process's start and its garbage collector count. Changing every document: two fields renamed, two dropped; by an expression: one field read, twice its number written into another.\n")
	for _, key := range r.measured(kindClient) {
		all := r.everybody(kindClient, key)
		var dump float64
		for _, s := range all {
			if s.name == wayDumpFile || s.name == wayDumpLive {
				dump = max(dump, s.perCPU)
			}
		}
		p.line("### %s, %s\n", arrow(key.pair), r.describe(key))
		p.line("| | MB of source per CPU second | of elasticdump's best | µs a document | documents/s of the clock | sent | peak memory | load average |")
		p.line("|---|---|---|---|---|---|---|---|")
		for _, s := range all {
			ratio := 0.0
			if dump > 0 {
				ratio = s.perCPU / dump
			}
			p.line("| %s | **%.1f** | %s | %.1f | %s | %s | %s | %s |", s.name, s.perCPU/1e6, times(ratio), s.cpu*1e6, whole(s.rate), size(s.wire), memory(s), strings.Join(s.loads, ", "))
		}
		p.line("")
	}
}

func (r *results) fidelity(p *printer) {
	var pairs []string
	for _, key := range r.measured(kindFidelity) {
		pairs = append(pairs, key.pair)
	}
	if len(pairs) == 0 {
		return
	}
	p.line("## What arrives\n")
	p.line("Documents that are easily changed or lost, written to the source one by one, moved, and read back from the target. Bytes are those of `_source` as the servers give it. White space between tokens cannot survive `_bulk`, whose lines end at a line break. *%s* means that the program ended with success and said nothing.\n", verdictLost)
	for _, pair := range pairs {
		var all []entry
		for _, one := range contestants() {
			// The last counts: a check that is made again replaces the one before.
			for i := len(r.entries) - 1; i >= 0; i-- {
				if e := r.entries[i]; e.Kind == kindFidelity && e.Pair == pair && e.Contestant == one.name {
					all = append(all, e)
					break
				}
			}
		}
		p.line("### %s\n", arrow(pair))
		head, rule := "| |", "|---|"
		for _, e := range all {
			head += " " + titleOf(e.Contestant) + " |"
			rule += "---|"
		}
		p.line("%s\n%s", head, rule)
		for _, document := range oddDocuments() {
			row := "| " + document.name + " |"
			for _, e := range all {
				row += " " + emphasised(e.Verdicts[document.name]) + " |"
			}
			p.line("%s", row)
		}
		row := "| **unharmed, of " + fmt.Sprint(len(oddDocuments())) + "** |"
		for _, e := range all {
			row += fmt.Sprintf(" **%d** |", unharmed(e))
		}
		p.line("%s\n", row)
		for _, e := range all {
			for said := range strings.Lines(e.Tuned) {
				p.line("%s stopped at %s\n", titleOf(e.Contestant), cell(strings.TrimSpace(said)))
			}
		}
	}
}

// unharmed counts documents whose value, routing and parent arrived, by a told rule or as they were.
func unharmed(e entry) int {
	count := 0
	for _, verdict := range e.Verdicts {
		if slices.Index(verdicts, verdict) <= slices.Index(verdicts, verdictValue) {
			count++
		}
	}
	return count
}

func emphasised(verdict string) string {
	if slices.Index(verdicts, verdict) > slices.Index(verdicts, verdictValue) {
		return "**" + verdict + "**"
	}
	return verdict
}

func (r *results) method(p *printer) {
	p.line("## Machine and method\n")
	heap := ""
	for _, e := range r.entries {
		for _, text := range e.Machine {
			p.line("- %s", text)
		}
		if e.Kind == kindMachine {
			heap = e.Heap
		}
	}
	p.line("- Servers and clients share the machine, so what the client takes, the target lacks. Nodes are the real servers out of Maven Central (the lab's), one node a cluster, heap %s, serial collector, both of Java's compilers; data on the same disk.", heap)
	p.line("- Every contestant gets a fresh index, made with the mapping that hikkoshi's rules give, %d shards, no replicas, no refresh; the target must merge nothing when it begins, and all documents are counted afterwards (a contestant that loses one has failed). Measurements of one round stand side by side; each round begins with another contestant. The median of up to %d rounds counts; who is how many times as fast as another is the median of that ratio in the rounds that both have. Time runs until the last answer; making the index and the refresh for counting are left out for all.", shards, r.rounds())
	p.line("- **hikkoshi backfill**: the units of `hikkoshi apply`'s step of that name, in a process of its own, out of the snapshot's folder. Snapshot, catch-up and proof of a whole move are not in it. **hikkoshi restore**: the step of that name, where the target can read the snapshot. **The target's own limit**: the bodies that hikkoshi would send were kept, lie in memory, and are sent by a client that does nothing else; the best of %d ways (concurrency, size of bodies), found on a part of the bodies, is measured. Before the first round the target is warmed up by these trials and by all bodies sent once: its compilers are still at work in the first minutes, and whoever comes first would pay for all.", len(bareChoices()))
	for _, name := range []string{byElasticdump, byReindex, byBare} {
		var told []string
		for _, key := range r.measured(kindLoad) {
			s, ok := r.summarise(kindLoad, key, name)
			if text := fmt.Sprintf("- %s, %s: %s.", titleOf(name), key.data, s.tuned); ok && s.tuned != "" && !slices.Contains(told, text) {
				told = append(told, text)
				p.line("%s", text)
			}
		}
	}
	p.line("- Client: processor time (user and system) and peak memory of its own processes, those of elasticdump added up. Target and source: processor time of the node. The source's searches, pages and sent bytes are its own counters before and after; 2 to 5 kB of the bytes are the asking for them. `_reindex` has no client: the target does its work.")
	for _, e := range r.entries {
		if e.Kind == kindSnapshot {
			p.line("- The snapshot of %s %s for %s, made once: %.1f s, %.1f s of the source's processor time, %.0f MB.", whole(float64(e.Documents)), e.Data, arrow(e.Pair), e.Snapshot.SnapshotSeconds, e.Snapshot.SnapshotCPU, float64(e.Snapshot.SnapshotBytes)/1e6)
		}
	}
	p.line("- Again: `go run ./bench/load -documents N -results FILE`; see `-help`.")
}

// rounds is how often most were measured.
func (r *results) rounds() int {
	most := 0
	for _, e := range r.entries {
		most = max(most, e.Round+1)
	}
	return most
}
