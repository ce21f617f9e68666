package steps

// proof.go answers: what was proved, when, and is it written down? Next: prove.go.

import (
	"errors"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/verify"
)

// ErrNoProof says that nothing was proved yet.
var ErrNoProof = errors.New("there is no proof yet")

// Proof is the outcome of the last verification, kept beside the journal.
type Proof struct {
	At    time.Time `json:"at"`
	Holds bool      `json:"holds"`
	// Documents is how many were compared on the source's side.
	Documents int64 `json:"documents"`
	// Values is how many values of a sample were compared by what they mean.
	Values int64 `json:"values,omitempty"`
	// Written are the source's write counters before the comparison began: unchanged, nobody wrote since.
	Written map[string]cluster.WriteCounters `json:"written"`
	Rows    []ProofRow                       `json:"rows"`
}

// ProofRow is the proof of one index.
type ProofRow struct {
	Source  string         `json:"source"`
	Target  string         `json:"target"`
	Route   plan.RouteKind `json:"route"`
	Written int64          `json:"written"` // documents on the source
	Found   int64          `json:"found"`   // documents on the target
	// Missing on the target, Surplus there, and Changed in content.
	Missing int64 `json:"missing"`
	Surplus int64 `json:"surplus"`
	Changed int64 `json:"changed"`
	// SetAside is how many documents of the source no rule can send: the quarantine holds them, and nothing else here counts them.
	SetAside int64 `json:"set_aside,omitempty"`
	// LeftOut is how many of them a rule of migration.yaml leaves out.
	LeftOut int64 `json:"left_out,omitempty"`
	// SourceDigest and TargetDigest are equal when the contents are.
	SourceDigest string `json:"source_digest,omitempty"`
	TargetDigest string `json:"target_digest,omitempty"`
	// Examples names some documents that differ.
	Examples []string `json:"examples,omitempty"`
	Note     string   `json:"note,omitempty"`
	// Values is the comparison of a sample by doc values; nil where it was not made.
	Values *verify.ValueReport `json:"values,omitempty"`
}

// Holds says whether nothing of the source is missing or changed on the target, and what is there means the same.
func (r ProofRow) Holds() bool { return r.Missing == 0 && r.Changed == 0 && !r.OtherValues() }

// OtherValues says whether a value means another thing on the target.
func (r ProofRow) OtherValues() bool { return r.Values != nil && r.Values.Differing > 0 }

const proofFile = "proof.json"

// SaveProof writes the proof down.
func SaveProof(wanted *migration.Migration, proof Proof) error {
	return saveState(wanted.StateFile(proofFile), "the proof", proof)
}

// LoadProof reads the last proof, or gives ErrNoProof.
func LoadProof(wanted *migration.Migration) (Proof, error) {
	var proof Proof
	found, err := loadState(wanted.StateFile(proofFile), "the proof", &proof)
	if err == nil && !found {
		err = ErrNoProof
	}
	return proof, err
}
