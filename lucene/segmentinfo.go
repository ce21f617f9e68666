// segmentinfo.go answers: how many documents has the segment, and are its files in a compound file? Next: compound.go.
//
// The .si file. Every version says the same things in another order; the files segmentinfo_lucene*.go draw them.

package lucene

const (
	yes = 1    // a boolean byte of .si
	no  = 0xFF // Lucene's NO is -1
)

// segmentInfo is what a .si file says, as far as documents need it.
type segmentInfo struct {
	codec    string // of the file
	lucene   Version
	maxDoc   int
	compound bool
	attrs    map[string]string
	diag     map[string]string
	files    []string
}

func readSegmentInfo(dir Directory, s *SegmentCommit) (*segmentInfo, error) {
	in, err := loadInput(dir, s.Name+".si")
	if err != nil {
		return nil, err
	}
	f, version, err := begin(in, segmentInfoFormats, "segment info", s.ID, "")
	if err != nil {
		return nil, err
	}
	si := &segmentInfo{codec: f.codec}
	f.read(in, version, si)
	if in.err == nil && (si.maxDoc < 0 || si.maxDoc > maxDocs) {
		in.fail("%d documents", si.maxDoc)
	}
	return si, in.wrap("segment info")
}

// flag reads a yes or no.
func (in *input) flag() bool {
	b := in.u8()
	if in.err == nil && b != yes && b != no {
		in.pos--
		in.fail("flag %d, want %d or %d", b, yes, no)
	}
	return b == yes
}

func (in *input) intVersion() Version {
	return Version{int(in.i32()), int(in.i32()), int(in.i32())}
}
