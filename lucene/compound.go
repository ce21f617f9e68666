// compound.go answers: where in the .cfs lies a file? Next: fieldinfos.go.
//
// A compound segment keeps its files in one .cfs; the .cfe lists them by their name without the segment's.

package lucene

import (
	"fmt"
	"strings"
)

// compound is the table of a .cfe.
type compound struct {
	data    File
	entries map[string]section
}

func readCompound(dir Directory, s *SegmentCommit) (*compound, error) {
	in, err := loadInput(dir, s.Name+".cfe")
	if err != nil {
		return nil, err
	}
	f, version, err := begin(in, compoundFormats, "compound entries", s.ID, "")
	if err != nil {
		return nil, err
	}
	data, err := dir.Open(s.Name + ".cfs")
	if err != nil {
		return nil, fmt.Errorf("open %s.cfs: %w", s.Name, err)
	}
	c := &compound{data: data}
	f.read(in, version, c)
	if in.err == nil && in.remaining() != 0 {
		in.fail("%d bytes left behind the entries", in.remaining())
	}
	return c, in.wrap("compound entries")
}

// readEntries reads the list all versions share: vint n { str name, i64 offset, i64 length }.
func (c *compound) readEntries(in *input) {
	const minEntry = 1 + 8 + 8
	n := in.count(int64(in.vint()), minEntry)
	c.entries = make(map[string]section, n)
	size := c.data.Size()
	for i := 0; i < n && in.err == nil; i++ {
		name := in.str()
		off, length := in.i64(), in.i64()
		switch {
		case in.err != nil:
			return
		case off < 0 || length < 0 || off > size || length > size-off:
			in.fail("entry %q at %d of %d bytes lies outside of %d bytes", clip(name), off, length, size)
		case name == "" || c.has(name):
			in.fail("entry %q empty or repeated", clip(name))
		}
		c.entries[name] = section{f: c.data, off: off, size: length}
	}
}

func (c *compound) has(name string) bool {
	_, ok := c.entries[name]
	return ok
}

// file gives an inner file; name is a whole file name of segment seg.
func (c *compound) file(seg, name string) (File, bool) {
	e, ok := c.entries[strings.TrimPrefix(name, seg)]
	return &e, ok
}
