package preflight

// report.go answers: how do the problems of millions of documents become a page that a person can read? Counted by kind
// and field, with a few ids each. Next: run.go.

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

const (
	// mostExamples is how many ids a row names.
	mostExamples = 5
	// mostRows bounds the rows of one index: a broken index has the same trouble in thousands of fields.
	mostRows = 500
)

// Report is the outcome for a snapshot.
type Report struct {
	At       time.Time `json:"at"`
	Snapshot string    `json:"snapshot"`
	// Documents were looked at; Bytes is the size of their sources.
	Documents int64         `json:"documents"`
	Bytes     int64         `json:"bytes"`
	Took      time.Duration `json:"took_ns"`
	// Refused would be turned away, Repaired are mended by a rule.
	Refused  int64         `json:"refused"`
	Repaired int64         `json:"repaired"`
	Indices  []IndexReport `json:"indices"`
}

// IndexReport is the outcome for one index of the source.
type IndexReport struct {
	Index     string `json:"index"`
	Documents int64  `json:"documents"`
	// Changed documents go to the target otherwise than they were.
	Changed  int64 `json:"changed,omitempty"`
	Refused  int64 `json:"refused"`
	Repaired int64 `json:"repaired"`
	Rows     []Row `json:"rows,omitempty"`
	// Unchecked are types of the mapping whose values are not, or not wholly, looked at.
	Unchecked []string `json:"unchecked_types,omitempty"`
	// Note says what else a person should know.
	Note string `json:"note,omitempty"`
}

// Outcome is what will become of the documents of a row.
type Outcome string

// The outcomes.
const (
	// Repaired documents are mended by a rule.
	Repaired Outcome = "repaired"
	// Undecided documents would be refused, or mean something else: a person must decide.
	Undecided Outcome = "undecided"
	// Accepted ones are undecided, and migration.yaml says to go on: they are set aside when the target refuses them.
	Accepted Outcome = "accepted"
)

// Row is one kind of problem in one field.
type Row struct {
	Kind      Kind     `json:"kind"`
	Field     string   `json:"field,omitempty"`
	Documents int64    `json:"documents"`
	Outcome   Outcome  `json:"outcome"`
	Means     string   `json:"means"`
	Examples  []string `json:"ids,omitempty"`
	Value     string   `json:"value,omitempty"`
	// WillDo says what a rule does, Decide the lines of migration.yaml that settle it.
	WillDo string `json:"will_do,omitempty"`
	Decide string `json:"decide,omitempty"`
}

// rowKey tells rows apart.
type rowKey struct {
	kind     Kind
	path     string
	repaired bool
}

// row counts one.
type row struct {
	documents int64
	examples  []string
	value     string
}

// tally is what one worker found in one index.
type tally struct {
	documents, bytes, changed, refused, repaired int64
	rows                                         map[rowKey]*row
	omitted                                      int64
}

func newTally() *tally { return &tally{rows: map[rowKey]*row{}} }

// book counts a problem of a document. DateMoves refuses nothing, and is all the worse.
func (t *tally) book(one problem, id string, repaired bool) {
	key := rowKey{one.kind, one.path, repaired}
	known := t.rows[key]
	if known == nil {
		if len(t.rows) >= mostRows {
			t.omitted++
			return
		}
		known = &row{value: one.value}
		t.rows[key] = known
	}
	known.documents++
	if len(known.examples) < mostExamples {
		known.examples = append(known.examples, es.Clip(id, longestExample))
	}
}

func (t *tally) merge(other *tally) {
	t.documents += other.documents
	t.bytes += other.bytes
	t.changed += other.changed
	t.refused += other.refused
	t.repaired += other.repaired
	t.omitted += other.omitted
	for key, found := range other.rows {
		known := t.rows[key]
		if known == nil {
			t.rows[key] = found
			continue
		}
		known.documents += found.documents
		for _, id := range found.examples {
			if len(known.examples) < mostExamples {
				known.examples = append(known.examples, id)
			}
		}
	}
}

// report makes the rows of one index.
func (t *tally) report(index string, accept func(Kind, string) bool) IndexReport {
	report := IndexReport{Index: index, Documents: t.documents, Changed: t.changed, Refused: t.refused, Repaired: t.repaired}
	for key, found := range t.rows {
		about := traitOf(key.kind)
		slices.Sort(found.examples)
		one := Row{Kind: key.kind, Field: key.path, Documents: found.documents, Means: about.means, Examples: found.examples, Value: found.value, Outcome: Undecided}
		switch {
		case key.repaired:
			one.Outcome, one.WillDo = Repaired, cmp.Or(about.repaired, "a rule of the move changes it into what the target takes")
		case accept(key.kind, index):
			one.Outcome, one.WillDo = Accepted, "what the target refuses is set aside, as migration.yaml accepts"
			if key.kind == DateMoves {
				one.WillDo = "it goes over and means another instant there, as migration.yaml accepts"
			}
		default:
			lines := strings.NewReplacer("INDEX", index, "FIELD", key.path).Replace(about.decide)
			if lines == "" {
				lines = "mend the documents on the source"
			}
			one.Decide = fmt.Sprintf("%s; or accept: [%s]", lines, key.kind)
		}
		report.Rows = append(report.Rows, one)
	}
	order := map[Kind]int{}
	for i, about := range traits {
		order[about.kind] = i
	}
	slices.SortFunc(report.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(rank(a.Outcome), rank(b.Outcome)), cmp.Compare(order[a.Kind], order[b.Kind]), cmp.Compare(b.Documents, a.Documents), cmp.Compare(a.Field, b.Field))
	})
	if t.omitted > 0 {
		report.Note = fmt.Sprintf("there are more than %d kinds and fields with problems; %d further occurrences are counted only here", mostRows, t.omitted)
	}
	return report
}

func rank(outcome Outcome) int {
	return slices.Index([]Outcome{Undecided, Accepted, Repaired}, outcome)
}

// Undecided lists the rows that a person must decide about, each with its index.
func (r *Report) Undecided() []string {
	var list []string
	for _, index := range r.Indices {
		for _, one := range index.Rows {
			if one.Outcome == Undecided {
				list = append(list, fmt.Sprintf("%s: %s in %s: %d documents", index.Index, one.Kind, cmp.Or(one.Field, "the document"), one.Documents))
			}
		}
	}
	return list
}

// AcceptAll is the word that accepts every kind.
const AcceptAll = "preflight"

// Accepts gives the test for `accept` of migration.yaml: a kind, kind:index for one index, or AcceptAll.
func Accepts(accept []string) func(Kind, string) bool {
	return func(kind Kind, index string) bool {
		return slices.Contains(accept, AcceptAll) || slices.Contains(accept, string(kind)) || slices.Contains(accept, string(kind)+":"+index)
	}
}
