package main

// results.go answers: how are measurements kept, so that a run goes on where it was stopped? Next: report.go.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// results are all measurements of a run.
type results struct {
	config  config
	entries []entry
}

// entry is one measurement, or one profile, of a case.
type entry struct {
	Case    string
	Size    int
	Sample  sample
	Profile string `json:",omitempty"`
}

func loadResults(c config) (*results, error) {
	r := &results{config: c}
	if c.results == "" {
		return r, nil
	}
	raw, err := os.ReadFile(c.results)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	lines := json.NewDecoder(bytes.NewReader(raw))
	for {
		var e entry
		err := lines.Decode(&e)
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.results, err)
		}
		r.entries = append(r.entries, e)
	}
}

func (r *results) save() error {
	if r.config.results == "" {
		return nil
	}
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	for _, e := range r.entries {
		if err := lines.Encode(e); err != nil {
			return err
		}
	}
	return os.WriteFile(r.config.results, out.Bytes(), 0o644)
}

func (r *results) add(one benchCase, size int, samples []sample) {
	for _, s := range samples {
		r.entries = append(r.entries, entry{Case: one.name, Size: size, Sample: s})
	}
}

// has says whether a case was measured by a method, at every size that is asked for.
func (r *results) has(one benchCase, method string) bool {
	for _, size := range r.config.sizes {
		if !slices.ContainsFunc(r.entries, func(e entry) bool { return e.Case == one.name && e.Size == size && e.Sample.Method == method }) {
			return false
		}
	}
	return true
}

// complete says whether nothing of a version is left to measure.
func (r *results) complete(version string) bool {
	for _, one := range r.config.cases {
		if one.version == version && (!r.has(one, methodNull) || r.config.scroll && !r.has(one, methodScroll)) {
			return false
		}
	}
	return true
}
