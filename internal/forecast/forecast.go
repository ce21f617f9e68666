// Package forecast reckons from a measured share of an index how long the whole takes and how much disk it needs. It is
// pure: it asks nobody.
package forecast

// forecast.go answers: what do measurements of a part say of the whole, and how sure is that? What an index costs by being
// there is kept apart from what each document costs, by measuring after one half of the share and after both.

import "math"

// Part is one half of the share, as it was loaded.
type Part struct {
	Documents int64 `json:"documents"`
	// Bytes were sent, Stored are those of the primaries behind it and all before, merged into one segment a shard.
	Bytes  int64 `json:"bytes"`
	Stored int64 `json:"stored"`
	// Seconds is how long the sending took.
	Seconds float64 `json:"seconds"`
}

// Measured is what was measured of one index.
type Measured struct {
	Parts []Part `json:"parts,omitempty"`
	// Making are the seconds to create the index.
	Making float64 `json:"making_seconds"`
	// Spread is the standard error of a document's mean size, as a fraction of it.
	Spread float64 `json:"spread"`
	// Whole says that the share is all of the index.
	Whole bool `json:"whole,omitempty"`
}

// Span is what is likely, and between what it lies.
type Span struct {
	Low    float64 `json:"low"`
	Likely float64 `json:"likely"`
	High   float64 `json:"high"`
}

// Plus adds two spans, as if both erred in the same direction.
func (s Span) Plus(other Span) Span {
	return Span{s.Low + other.Low, s.Likely + other.Likely, s.High + other.High}
}

// Times scales a span.
func (s Span) Times(factor float64) Span {
	return Span{s.Low * factor, s.Likely * factor, s.High * factor}
}

// Exactly is a span without doubt.
func Exactly(value float64) Span { return Span{value, value, value} }

// Forecast is what the whole of an index takes.
type Forecast struct {
	Documents int64 `json:"documents"`
	// DocumentsPerSecond and BytesPerSecond are as measured.
	DocumentsPerSecond float64 `json:"documents_per_second,omitempty"`
	BytesPerSecond     float64 `json:"bytes_per_second,omitempty"`
	// Seconds is the time of the load; nil where it was not measured.
	Seconds *Span `json:"seconds,omitempty"`
	// Primaries and Stored are bytes on the target's disks, the latter with replicas.
	Primaries Span `json:"primaries"`
	Stored    Span `json:"stored"`
	// FixedBytes is what the primaries take however few documents there are, DocumentBytes what each one adds.
	FixedBytes    float64 `json:"fixed_bytes,omitempty"`
	DocumentBytes float64 `json:"document_bytes,omitempty"`
	// Rough says why the forecast should not be trusted far; empty where nothing speaks against it.
	Rough string `json:"rough,omitempty"`
}

const (
	// sure is how many standard errors a span reaches to both sides.
	sure = 2
	// fewDocuments and shortTime are below which a measurement says little.
	fewDocuments = 500
	shortTime    = 5.0
	// doubtMost bounds by how much a short measurement widens a span of time.
	doubtMost = 4
)

// Of reckons what an index of so many documents takes.
func Of(documents int64, replicas int, m Measured) Forecast {
	f := Forecast{Documents: documents}
	var moved, sent, stored int64
	var took float64
	for _, part := range m.Parts {
		moved += part.Documents
		sent += part.Bytes
		took += part.Seconds
		stored = part.Stored
	}
	if moved > 0 && took > 0 {
		f.DocumentsPerSecond, f.BytesPerSecond = float64(moved)/took, float64(sent)/took
	}
	seconds := Exactly(took + m.Making)
	f.Primaries = Exactly(float64(stored))
	switch {
	case m.Whole || documents == 0:
	case moved == 0:
		f.Rough = "no document was measured"
	default:
		seconds = m.time(documents, moved, took)
		f.bytes(documents, moved, float64(stored), m)
		if moved < fewDocuments {
			f.Rough = "few documents"
		} else {
			f.Rough = RoughBy(took)
		}
	}
	f.Seconds = &seconds
	f.Stored = f.Primaries.Times(float64(1 + replicas))
	return f
}

// RoughBy says why what was measured for so many seconds is rough; empty where it is not.
func RoughBy(seconds float64) string {
	if seconds < shortTime {
		return "measured for less than 5 s"
	}
	return ""
}

// AtLeast says that the whole takes at least so many seconds, whatever the target takes.
func (f *Forecast) AtLeast(seconds float64) {
	f.Seconds = &Span{max(f.Seconds.Low, seconds), max(f.Seconds.Likely, seconds), max(f.Seconds.High, seconds)}
}

// AtBest says that the whole may be done in so many seconds.
func (f *Forecast) AtBest(seconds float64) {
	f.Seconds = &Span{min(f.Seconds.Low, seconds), f.Seconds.Likely, f.Seconds.High}
}

// BodyBytes is about how much is sent for so many documents.
func (m Measured) BodyBytes(documents int64) int64 {
	var moved, sent int64
	for _, part := range m.Parts {
		moved, sent = moved+part.Documents, sent+part.Bytes
	}
	if moved == 0 {
		return 0
	}
	return int64(float64(sent) / float64(moved) * float64(documents))
}

// time lies between the faster and the slower half; what was measured for less than shortTime may be wrong by as much as it
// was shorter: servers are slow when they begin, and slow again when they merge.
func (m Measured) time(documents, moved int64, took float64) Span {
	each := took / float64(moved)
	fast, slow := each, each
	for _, part := range m.Parts {
		if part.Documents > 0 {
			own := part.Seconds / float64(part.Documents)
			fast, slow = min(fast, own), max(slow, own)
		}
	}
	doubt := 1.0
	if took > 0 {
		doubt = min(doubtMost, max(1, shortTime/took))
	}
	all := float64(documents)
	return Span{m.Making + fast*all/doubt, m.Making + each*all, m.Making + slow*all*doubt}
}

// bytes draws a line through both halves. The other end of the span is the mean, in which each document carries its part
// of what the index costs by being there.
func (f *Forecast) bytes(documents, moved int64, stored float64, m Measured) {
	each := stored / float64(moved)
	if last := len(m.Parts) - 1; last > 0 && m.Parts[last].Documents > 0 && m.Parts[last-1].Documents > 0 {
		grown := float64(m.Parts[last].Stored-m.Parts[last-1].Stored) / float64(m.Parts[last].Documents)
		if grown > 0 && grown < each { // else it is noise
			each = grown
		}
	}
	f.FixedBytes, f.DocumentBytes = stored-each*float64(moved), each
	line, mean := f.FixedBytes+each*float64(documents), stored/float64(moved)*float64(documents)
	doubt := min(1, sure*m.Spread)
	f.Primaries = Span{min(line, mean) * (1 - doubt), line, max(line, mean) * (1 + doubt)}
}

// Spread adds up how the sizes of documents differ between the groups in which they were chosen.
type Spread struct {
	groups, documents, bytes           float64
	squaredDocuments, squaredBytes, by float64
}

// Add takes one group.
func (s *Spread) Add(documents, bytes int64) {
	d, b := float64(documents), float64(bytes)
	s.groups++
	s.documents += d
	s.bytes += b
	s.squaredDocuments += d * d
	s.squaredBytes += b * b
	s.by += d * b
}

// Error is the standard error of the mean size, as a fraction of it: that of a ratio between groups (Cochran, Sampling
// Techniques, 3rd edition, formula 6.13), without the correction for a large share. 1 where one group says nothing.
func (s *Spread) Error() float64 {
	if s.groups < 2 || s.bytes == 0 || s.documents == 0 {
		return 1
	}
	ratio := s.bytes / s.documents
	squares := max(0, s.squaredBytes-2*ratio*s.by+ratio*ratio*s.squaredDocuments)
	return math.Sqrt(squares/(s.groups*(s.groups-1))) / (s.bytes / s.groups)
}
