package main

// summary.go answers: what do several measurements of one thing come to? Next: report.go.

import (
	"cmp"
	"slices"
)

// summary is the median of a contestant's measurements of one dataset, with what they spread over.
type summary struct {
	name            string
	count           int
	low, rate, high float64 // documents a second
	bytesRate       float64
	cpu             float64 // of the client, seconds a document
	perCPU          float64 // bytes of source a second of the client's processor time
	targetCPU       float64 // seconds a document
	peak            float64 // bytes
	source          counters
	wire            float64 // bytes
	requests        float64
	documents       int64
	loads           []string
	tuned           string
	failed          []string
	rounds          map[int]float64 // documents a second of each
}

// beside is how many times as fast as another it was, the median of the rounds that both have: measurements of one round
// stand side by side, and a slow minute of the machine is then nobody's fault. 0 where there is no such round.
func (s summary) beside(other summary) float64 {
	var ratios []float64
	for round, rate := range s.rounds {
		if others, both := other.rounds[round]; both {
			ratios = append(ratios, rate/others)
		}
	}
	if len(ratios) == 0 {
		return 0
	}
	slices.Sort(ratios)
	return median(ratios)
}

// together is the processor time of all who take part, in seconds a document: where clients and servers share a machine,
// it is what bounds the documents a second, and neighbours change it least.
func (s summary) together() float64 { return s.cpu + s.targetCPU + s.source.CPU/float64(s.documents) }

// subject is what was moved, and between which versions.
type subject struct {
	pair, data string
	documents  int64
}

func (e entry) subject() subject { return subject{e.Pair, e.Data, e.Documents} }

// summarise sums up what was measured of one; ok is false where nothing was.
func (r *results) summarise(kind string, of subject, name string) (s summary, ok bool) {
	var all []entry
	for _, e := range r.entries {
		if e.Kind == kind && e.subject() == of && e.Contestant == name {
			all = append(all, e)
		}
	}
	s.name, s.documents = name, of.documents
	good := slices.DeleteFunc(slices.Clone(all), func(e entry) bool { return e.Failed != "" })
	for _, e := range all {
		if e.Failed != "" {
			s.failed = append(s.failed, e.Failed)
		}
	}
	if len(good) == 0 {
		return s, len(all) > 0
	}
	values := func(value func(entry) float64) []float64 {
		all := make([]float64, 0, len(good))
		for _, e := range good {
			all = append(all, value(e))
		}
		slices.Sort(all)
		return all
	}
	middle := func(value func(entry) float64) float64 { return median(values(value)) }
	rates := values(func(e entry) float64 { return float64(e.Documents) / e.Wall })
	s.count, s.low, s.rate, s.high = len(good), rates[0], median(rates), rates[len(rates)-1]
	s.bytesRate = middle(func(e entry) float64 { return float64(e.Bytes) / e.Wall })
	s.cpu = middle(func(e entry) float64 { return e.CPU / float64(e.Documents) })
	if s.cpu > 0 {
		s.perCPU = middle(func(e entry) float64 { return float64(e.Bytes) / e.CPU })
	}
	s.targetCPU = middle(func(e entry) float64 { return e.TargetCPU / float64(e.Documents) })
	s.peak = values(func(e entry) float64 { return float64(e.PeakRSS) })[len(good)-1]
	s.source.CPU = middle(func(e entry) float64 { return e.Source.CPU })
	s.source.Searches = int64(middle(func(e entry) float64 { return float64(e.Source.Searches) }))
	s.source.Scrolls = int64(middle(func(e entry) float64 { return float64(e.Source.Scrolls) }))
	s.source.Fetches = int64(middle(func(e entry) float64 { return float64(e.Source.Fetches) }))
	s.source.Written = int64(middle(func(e entry) float64 { return float64(e.Source.Written) }))
	s.wire = middle(func(e entry) float64 { return float64(e.Wire) })
	s.requests = middle(func(e entry) float64 { return float64(e.Requests) })
	s.tuned, s.rounds = good[0].Tuned, map[int]float64{}
	for _, e := range good {
		s.rounds[e.Round] = float64(e.Documents) / e.Wall
		s.loads = append(s.loads, firstAverage(e.Load))
	}
	return s, true
}

// median of values in order.
func median(values []float64) float64 {
	middle := len(values) / 2
	if len(values)%2 == 0 {
		return (values[middle-1] + values[middle]) / 2
	}
	return values[middle]
}

// measured lists what was moved in measurements of some kinds: pairs in the order of the results, the most documents first.
func (r *results) measured(kinds ...string) (all []subject) {
	var pairs []string
	for _, e := range r.entries {
		if !slices.Contains(kinds, e.Kind) {
			continue
		}
		if !slices.Contains(pairs, e.Pair) {
			pairs = append(pairs, e.Pair)
		}
		if !slices.Contains(all, e.subject()) {
			all = append(all, e.subject())
		}
	}
	slices.SortStableFunc(all, func(a, b subject) int {
		// "nginx" comes before "nested", as everywhere.
		return cmp.Or(slices.Index(pairs, a.pair)-slices.Index(pairs, b.pair), cmp.Compare(b.data, a.data), cmp.Compare(b.documents, a.documents))
	})
	return all
}

// everybody sums up all contestants of one dataset, in the order of contestants or of ways.
func (r *results) everybody(kind string, of subject) []summary {
	var names []string
	if kind == kindLoad {
		for _, one := range contestants() {
			names = append(names, one.name)
		}
	} else {
		for _, way := range (&arena{}).clientWays() {
			names = append(names, way.name)
		}
	}
	var all []summary
	for _, name := range names {
		if s, ok := r.summarise(kind, of, name); ok {
			all = append(all, s)
		}
	}
	return all
}

// find gives one among many; the zero summary where nothing was measured.
func find(all []summary, name string) summary {
	if i := slices.IndexFunc(all, func(s summary) bool { return s.name == name }); i >= 0 {
		return all[i]
	}
	return summary{}
}
