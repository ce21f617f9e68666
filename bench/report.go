package main

// report.go answers: what did the run show? Tables, the bars, and where the time goes, as Markdown. Next: profile.go.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/bench/rig"
)

// The bars of the project: against Lucene's merge instance, and against bare decompression.
const (
	barMerge    = 1.0
	barMergeLZ4 = 1.5
	barBare     = 0.7
	barWorker   = 64 << 20
)

// median of what value gives for the measurements of one method; ok is false where there are none.
func (r *results) median(one benchCase, size int, method string, cores int, value func(sample) float64) (float64, bool) {
	var all []float64
	for _, e := range r.entries {
		if e.Case == one.name && e.Size == size && e.Sample.Method == method && e.Sample.Cores == cores {
			all = append(all, value(e.Sample))
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	slices.Sort(all)
	return all[len(all)/2], true
}

func perCPU(s sample) float64      { return float64(s.Bytes) / 1e6 / s.CPU }
func perWall(s sample) float64     { return float64(s.Bytes) / 1e6 / s.Wall }
func docsPerCPU(s sample) float64  { return float64(s.Documents) / s.CPU }
func docsPerWall(s sample) float64 { return float64(s.Documents) / s.Wall }

// number is a cell: a dash where nothing was measured.
func number(v float64, ok bool) string {
	switch {
	case !ok:
		return "-"
	case v >= 10_000:
		return fmt.Sprintf("%.0fk", v/1000)
	case v < 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func ratio(a, b float64) string { return fmt.Sprintf("%.2f", a/b) }

// fillScroll gives the scrolls their bytes: the node counts documents only, and both read the same ones.
func (r *results) fillScroll() error {
	for i := range r.entries {
		e := &r.entries[i]
		if e.Sample.Method != methodScroll {
			continue
		}
		each, ok := r.median(benchCase{name: e.Case}, e.Size, methodNull, 1, func(s sample) float64 { return float64(s.Bytes) / float64(s.Documents) })
		if !ok {
			return fmt.Errorf("%s: a scroll and no reading", e.Case)
		}
		e.Sample.Bytes = int64(each * float64(e.Sample.Documents))
	}
	return nil
}

// report is docs/benchmarks.md.
func (r *results) report(ctx context.Context) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	if err := r.fillScroll(); err != nil {
		line("**%v**", err)
	}
	line("# Benchmarks: reading documents out of a snapshot\n")
	line("Written by `go run ./bench` on %s; don't edit, run it again. How fast they get into a newer cluster is in [benchmarks-load.md](benchmarks-load.md).\n", time.Now().UTC().Format("2006-01-02"))
	r.machine(ctx, line)
	r.method(line)
	r.spread(line)
	r.bars(line)
	r.rates(line)
	r.large(line)
	r.profiles(line)
	return b.String()
}

func (r *results) profiles(line func(string, ...any)) {
	first := true
	for _, e := range r.entries {
		if e.Profile == "" {
			continue
		}
		if first {
			line("## Where the time goes\n")
			line("Processor time by function, to the null sink on one core, the largest first; `pprof` on a process that reads the same index again and again, opening included. Preemption is left out: where cores are shared, the profiler's signal and the scheduler's arrive together.\n")
			first = false
		}
		line("%s", e.Profile)
	}
}

func (r *results) machine(ctx context.Context, line func(string, ...any)) {
	line("## Machine\n")
	for _, text := range rig.Machine(ctx) {
		line("- %s", text)
	}
	if average := rig.LoadAverage(); average != "" {
		line("- load average at the end of the run: %s. Above the number of processors, wall times measure the neighbours; processor times hold, but for caches that are shared.", average)
	}
	line("")
}

func (r *results) method(line func(string, ...any)) {
	line("## Method\n")
	line("Nodes of the lab write the data once: events of a web server, %d MB of source per case and size, one shard merged into one segment, ids made by the server, a snapshot to a folder. Every reader then reads these files, warm in the page cache, one after the other in one run; cases may have been measured side by side (`-results`). "+
		"MB are 10^6 bytes of `_source`. A measurement repeats whole passes until %.1f seconds of processor time are used; each is made %d times and the median shown (the scroll: once, over the first %d MB, after one to warm up).\n", r.config.source/1e6, measureCPU, r.config.repeat, scrollBytes/1_000_000)
	line("- **null**: hikkoshi, `snapshot` and `lucene`: opens shard and segment anew, reads every live document with id, source, `_version` and `_seq_no`, verifies the checksum, throws the document away. **ndjson**: `hikkoshi snapshot export` into nothing. One core is a process with GOMAXPROCS=1; all of its processor time counts, the collector's too.")
	line("- **(a) merge**: Java, `StoredFieldsReader.getMergeInstance()` of the Lucene that wrote the files (4.1: of 5.5, since 4.10 has none), every stored field of every document handed to a visitor; no checksum, no versions, no deletions. Warmed up for %.1f seconds of processor time per size; serial collector, memory-mapped files. The JVM counts its processor time in steps of 10 ms, and its measurements took %.1f seconds or more. **(b) get**: the same by number without the merge instance.", warmSeconds, r.shortest(methodMerge))
	line("- **(c) bare**: hikkoshi's own decompression of every chunk with its checksum, one document in 128 taken apart. So it tells what the documents cost, not how good the decompression is; for that, see (a). Null above (c) is noise.")
	line("- **(d) scroll**: one client, pages of about 1 MB, `_doc` order; processor time is the node's alone. The lab starts its nodes with the client compiler only, which makes them slower than a production node; nothing is mapped in these indices, which makes them faster.\n")
}

// shortest is the least processor time of one measurement by a method.
func (r *results) shortest(method string) float64 {
	least := 0.0
	for _, e := range r.entries {
		if e.Sample.Method == method && (least == 0 || e.Sample.CPU < least) {
			least = e.Sample.CPU
		}
	}
	return least
}

// spread says how far apart the measurements behind one median lie: of half of the medians, and of nine in ten.
func (r *results) spread(line func(string, ...any)) {
	var widths []float64
	for _, method := range []string{methodNull, methodNDJSON, methodMerge, methodBare} {
		r.each(func(one benchCase, size int) {
			var rates []float64
			middle, ok := r.median(one, size, method, 1, func(s sample) float64 { rates = append(rates, perCPU(s)); return perCPU(s) })
			if ok && len(rates) > 1 {
				widths = append(widths, (slices.Max(rates)-slices.Min(rates))/middle)
			}
		})
	}
	if len(widths) == 0 {
		return
	}
	slices.Sort(widths)
	line("The measurements behind one median, on one core, lie within %.0f%% of it from lowest to highest for half of the figures below, within %.0f%% for nine in ten. Differences smaller than that say nothing.\n",
		100*widths[len(widths)/2], 100*widths[len(widths)*9/10])
}

func (r *results) rates(line func(string, ...any)) {
	line("## MB of source per second of processor time\n")
	line("| format | bytes a document | null | ndjson | (a) merge | (b) get | (c) bare | (d) scroll | null / (a) | null / (c) |")
	line("|---|---|---|---|---|---|---|---|---|---|")
	r.each(func(one benchCase, size int) {
		null, _ := r.median(one, size, methodNull, 1, perCPU)
		lines, hasLines := r.median(one, size, methodNDJSON, 1, perCPU)
		merge, hasMerge := r.median(one, size, methodMerge, 1, perCPU)
		get, hasGet := r.median(one, size, methodGet, 1, perCPU)
		bare, hasBare := r.median(one, size, methodBare, 1, perCPU)
		scroll, hasScroll := r.median(one, size, methodScroll, 0, perCPU)
		toMerge, toBare := "-", "-"
		if hasMerge {
			toMerge = ratio(null, merge)
		}
		if hasBare {
			toBare = ratio(null, bare)
		}
		line("| %s | %d | **%s** | %s | %s | %s | %s | %s | %s | %s |", one.format, size, number(null, true), number(lines, hasLines), number(merge, hasMerge),
			number(get, hasGet), number(bare, hasBare), number(scroll, hasScroll), toMerge, toBare)
	})
	line("\n## Documents per second of processor time, and memory\n")
	line("| format | bytes a document | null | ndjson | (a) merge | (d) scroll | allocations a document, null | peak memory, one worker |")
	line("|---|---|---|---|---|---|---|---|")
	r.each(func(one benchCase, size int) {
		cell := func(method string, cores int) string { return number(r.median(one, size, method, cores, docsPerCPU)) }
		allocs, _ := r.median(one, size, methodNull, 1, func(s sample) float64 { return s.Allocs })
		line("| %s | %d | %s | %s | %s | %s | %.4f | %.0f MiB |", one.format, size, cell(methodNull, 1), cell(methodNDJSON, 1), cell(methodMerge, 1), cell(methodScroll, 0),
			allocs, r.peak(one, size)/(1<<20))
	})
	line("\nAllocations are those of a scan under way, behind its first tenth; documents of 100 kB are too few for that. Memory is the peak of the whole process after the null passes, the runtime and the binary's own pages included.\n")
	line("## Per second of the clock\n")
	line("| format | bytes a document | null, one core, MB | null, all cores, MB | ndjson, all cores, MB | (d) scroll, MB | null, all cores, documents | (d) scroll, documents |")
	line("|---|---|---|---|---|---|---|---|")
	r.each(func(one benchCase, size int) {
		cell := func(method string, cores int, value func(sample) float64) string {
			return number(r.median(one, size, method, cores, value))
		}
		line("| %s | %d | %s | %s | %s | %s | %s | %s |", one.format, size, cell(methodNull, 1, perWall), cell(methodNull, 0, perWall), cell(methodNDJSON, 0, perWall),
			cell(methodScroll, 0, perWall), cell(methodNull, 0, docsPerWall), cell(methodScroll, 0, docsPerWall))
	})
	line("")
}

func (r *results) each(visit func(one benchCase, size int)) {
	for _, one := range r.config.cases {
		for _, size := range r.config.sizes {
			visit(one, size)
		}
	}
}

// peak is the most memory a process held when it had read nothing but to the null sink.
func (r *results) peak(one benchCase, size int) float64 {
	most, _ := r.median(one, size, methodNull, 1, func(s sample) float64 { return float64(s.PeakRSS) })
	return most
}

// bars says, for each bar, where it is reached and where not.
func (r *results) bars(line func(string, ...any)) {
	line("## What is reached\n")
	verdict := func(title string, of func(one benchCase, size int) (value, bar float64, ok bool), above bool) {
		reached, total := 0, 0
		var missed []string
		r.each(func(one benchCase, size int) {
			value, bar, ok := of(one, size)
			if !ok {
				return
			}
			total++
			if value >= bar == above {
				reached++
			} else {
				missed = append(missed, fmt.Sprintf("%s %d bytes: %.2f", one.format, size, value))
			}
		})
		text := fmt.Sprintf("- %s: reached in %d of %d.", title, reached, total)
		if len(missed) > 0 {
			text += " Missed: " + strings.Join(missed, "; ") + "."
		}
		line("%s", text)
	}
	compare := func(method string, bar func(benchCase) float64) func(benchCase, int) (float64, float64, bool) {
		return func(one benchCase, size int) (float64, float64, bool) {
			null, ok := r.median(one, size, methodNull, 1, perCPU)
			other, has := r.median(one, size, method, 1, perCPU)
			return null / other, bar(one), ok && has
		}
	}
	verdict("Ahead of (a) in every format, null / (a) of 1 or more", compare(methodMerge, func(benchCase) float64 { return barMerge }), true)
	lz4 := compare(methodMerge, func(benchCase) float64 { return barMergeLZ4 })
	verdict("1.5 times (a) for LZ4", func(one benchCase, size int) (float64, float64, bool) {
		value, bar, ok := lz4(one, size)
		return value, bar, ok && one.lz4
	}, true)
	verdict("70% of (c)", compare(methodBare, func(benchCase) float64 { return barBare }), true)
	verdict("Under 64 MiB a worker (MiB)", func(one benchCase, size int) (float64, float64, bool) {
		peak := r.peak(one, size)
		return peak / (1 << 20), barWorker / (1 << 20), peak > 0
	}, false)
	verdict("No allocation per document on the raw path (null, from the tenth of the documents that grows the buffers to the end; less than one in a hundred documents)", func(one benchCase, size int) (float64, float64, bool) {
		const none = 0.01
		allocs, ok := r.median(one, size, methodNull, 1, func(s sample) float64 { return s.Allocs })
		return allocs, none, ok && size < 10_000
	}, false)
	line("")
}
