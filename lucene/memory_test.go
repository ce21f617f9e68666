package lucene

// memory_test.go answers: what do tests read from? A Directory of byte slices.

import (
	"bytes"
	"io/fs"
)

type memory map[string][]byte

func (m memory) Names() []string {
	var names []string
	for n := range m {
		names = append(names, n)
	}
	return names
}

func (m memory) Open(name string) (File, error) {
	b, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return bytes.NewReader(b), nil
}
