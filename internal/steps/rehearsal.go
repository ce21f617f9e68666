package steps

// rehearsal.go answers: what did a rehearsal find, when, and is its plan still the one that stands? Next: rehearse.go.

import (
	"slices"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/forecast"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/verify"
)

// rehearsalFile is the name of the last rehearsal in the state folder.
const rehearsalFile = "rehearsal.json"

// Rehearsal is what was found by moving a share of each index into scratch indices of the target.
type Rehearsal struct {
	At      time.Time `json:"at"`
	Seconds float64   `json:"seconds"`
	Target  string    `json:"target"`
	// Share is the part of each index that was asked for, from 0 to 1; small indices are moved whole.
	Share float64 `json:"share"`
	// Decisions identify the plan, as plan.Decisions does.
	Decisions string `json:"decisions"`
	// Snapshot is where the documents came from, taken at SnapshotAt; empty where all came through the search API.
	Snapshot   string         `json:"snapshot,omitempty"`
	SnapshotAt time.Time      `json:"snapshot_at,omitzero"`
	Rows       []RehearsalRow `json:"rows"`
	// Left names indices of the plan that were not rehearsed, with the reason.
	Left map[string]string `json:"left,omitempty"`
	// Restored is the index that was restored whole, where the plan restores any.
	Restored *RestoreTrial `json:"restored,omitempty"`
	// Moved is how many documents were sent, Aside how many of them nobody took.
	Moved int64 `json:"moved"`
	Aside int64 `json:"aside"`
	// Total is the forecast of all rows; Untimed are the bytes of those of which nothing
	// tells a time.
	Total   forecast.Forecast `json:"total"`
	Untimed int64             `json:"untimed,omitempty"`
	// DiskFree and DiskTotal are the target's, before the rehearsal; 0 where it does not tell.
	DiskFree  int64 `json:"disk_free,omitempty"`
	DiskTotal int64 `json:"disk_total,omitempty"`
	// Kept are the scratch indices that were left on the target on purpose.
	Kept []string `json:"kept,omitempty"`
}

// RehearsalRow is what was found of one index of the source.
type RehearsalRow struct {
	Source  string         `json:"source"`
	Scratch []string       `json:"scratch"`
	Route   plan.RouteKind `json:"route"`
	// Moved documents were sent; Aside of them were refused by a rule or by the target.
	Moved int64 `json:"moved"`
	Aside int64 `json:"aside"`
	// LeftOut is how many a rule of migration.yaml leaves out.
	LeftOut int64 `json:"left_out,omitempty"`
	// Failed says why the index could not be rehearsed to its end.
	Failed string `json:"failed,omitempty"`
	// Proof compares ids, routings and sources of all documents that were moved, Values what they mean, by scratch index.
	Proof     *verify.PairReport            `json:"proof,omitempty"`
	Values    map[string]verify.ValueReport `json:"values,omitempty"`
	Measured  forecast.Measured             `json:"measured"`
	Forecast  forecast.Forecast             `json:"forecast"`
	Replicas  int                           `json:"replicas"`
	Refusals  []QuarantineGroup             `json:"refusals,omitempty"`
	Remark    string                        `json:"remark,omitempty"`
	refused   map[documentKey]bool
	documents int64
}

// Verified says whether everything that was moved is on the target and means the same.
func (r *RehearsalRow) Verified() bool {
	if r.Failed != "" || r.Proof == nil || !r.Proof.Equal {
		return false
	}
	for _, values := range r.Values {
		if values.Differing > 0 {
			return false
		}
	}
	return true
}

// book keeps what is told of documents that nobody took.
func (r *RehearsalRow) book(refused []load.Refused) {
	if r.refused == nil {
		r.refused = map[documentKey]bool{}
	}
	for i := range refused {
		r.refused[keyOf(refused[i].Document.ES(), true)] = true
		r.Refusals = grouped(r.Refusals, &refused[i])
	}
}

// Good says whether a move by this plan would go through as far as the share tells. A restore parses no document, so that what
// was found of its documents does not stand in its way.
func (r *Rehearsal) Good() bool {
	return r.Fits() && (r.Restored == nil || r.Restored.Failed == "") && !slices.ContainsFunc(r.Rows, func(row RehearsalRow) bool {
		return row.Route.Loads() && (row.Aside > 0 || !row.Verified())
	})
}

// Fits says whether the target has room for the forecast; a target that does not tell is believed.
func (r *Rehearsal) Fits() bool {
	return r.DiskTotal == 0 || r.Total.Stored.High <= float64(r.DiskFree)
}

// FreeAfter is the part of the target's disk that stays free at the worst, from 0 to 1.
func (r *Rehearsal) FreeAfter() float64 {
	if r.DiskTotal == 0 {
		return 1
	}
	return max(0, (float64(r.DiskFree)-r.Total.Stored.High)/float64(r.DiskTotal))
}

// StillOf says whether a plan decides what the rehearsed one did. It is false where nothing was rehearsed.
func (r *Rehearsal) StillOf(made *plan.Plan) bool { return r != nil && r.Decisions == made.Decisions() }

func (r *Rehearsal) save(wanted *migration.Migration) error {
	return saveState(wanted.StateFile(rehearsalFile), "the rehearsal", r)
}

// LoadRehearsal reads the last rehearsal; nil when there is none.
func LoadRehearsal(wanted *migration.Migration) (*Rehearsal, error) {
	var rehearsal Rehearsal
	if found, err := loadState(wanted.StateFile(rehearsalFile), "the rehearsal", &rehearsal); err != nil || !found {
		return nil, err
	}
	return &rehearsal, nil
}
