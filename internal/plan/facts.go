// Package plan turns facts of both sides into findings, routes and a plan. It is pure: it asks nobody and changes nothing.
//
// Read facts.go first, then findings.go (with a check_*.go for each subject), routes.go, plan.go.
package plan

// facts.go answers: what was observed before anything was decided? Next: findings.go.

import (
	"encoding/json"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Facts is what was observed of both sides, the repository and the writers.
type Facts struct {
	Taken      time.Time  `json:"taken"`
	Source     Side       `json:"source"`
	Target     Side       `json:"target"`
	Repository Repository `json:"repository"`
	Writers    []Writer   `json:"writers,omitempty"`
}

// Side is one cluster as it was seen.
type Side struct {
	Label string `json:"label"`
	// Domain is the AWS domain's name; Exists says whether it, or the cluster behind the URL, is there.
	Domain string `json:"domain,omitempty"`
	Exists bool   `json:"exists"`
	// Endpoint is the address without credentials.
	Endpoint    string     `json:"endpoint,omitempty"`
	Version     es.Version `json:"version"`
	ClusterUUID string     `json:"cluster_uuid,omitempty"`
	Health      string     `json:"health,omitempty"` // green, yellow, red
	Indices     []Index    `json:"indices,omitempty"`
	Templates   []string   `json:"templates,omitempty"`
	// Belongings is what the cluster holds beside its indices; it decides about the plan's things and is not kept in it.
	Belongings cluster.Belongings `json:"-"`
	// DiskFree and DiskTotal are bytes over all data nodes; 0 where the cluster does not tell.
	DiskFree  int64 `json:"disk_free,omitempty"`
	DiskTotal int64 `json:"disk_total,omitempty"`
	// SnapshotsRunning names snapshots in progress.
	SnapshotsRunning []string `json:"snapshots_running,omitempty"`
	// Modelled is how a new domain will differ from the old one.
	Modelled []Replacement `json:"modelled,omitempty"`
	// Undecided is what only a person can decide about the new domain.
	Undecided []Undecided `json:"undecided,omitempty"`
}

// Undecided is a setting of the new domain that nothing on the old one answers.
type Undecided struct {
	Setting string `json:"setting"`
	Reason  string `json:"reason"`
	Advice  string `json:"advice"`
}

// Replacement is one setting that the new domain cannot have as the old one had it.
type Replacement struct {
	Setting string `json:"setting"`
	Old     string `json:"old"`
	New     string `json:"new"`
	Reason  string `json:"reason"`
}

// Index is one index as it was seen.
type Index struct {
	Name    string     `json:"name"`
	UUID    string     `json:"uuid,omitempty"`
	Created es.Version `json:"created"`
	Health  string     `json:"health,omitempty"`
	Closed  bool       `json:"closed,omitempty"`
	// Documents counts live top-level documents; Bytes is the size of the primaries.
	Documents int64    `json:"documents"`
	Bytes     int64    `json:"bytes"`
	Shards    int      `json:"shards"`
	Replicas  int      `json:"replicas"`
	Types     []string `json:"types,omitempty"`
	Aliases   []string `json:"aliases,omitempty"`
	// AliasBodies, Settings and Mappings are as the source shows them; they decide the plan and are not kept in it.
	AliasBodies map[string]json.RawMessage `json:"-"`
	Settings    map[string]json.RawMessage `json:"-"`
	Mappings    json.RawMessage            `json:"-"`
	// Written is the count of index operations since the node started; it moves when somebody writes.
	Written int64 `json:"written"`
}

// Repository is the snapshot repository as both sides see it.
type Repository struct {
	Type     string `json:"type"`
	Name     string `json:"name"`
	Place    string `json:"place"` // s3://bucket/path or the folder
	OnSource bool   `json:"on_source"`
	OnTarget bool   `json:"on_target"`
	// ElsewhereOnSource and ElsewhereOnTarget say that the name is taken by a repository at another place.
	ElsewhereOnSource string `json:"elsewhere_on_source,omitempty"`
	ElsewhereOnTarget string `json:"elsewhere_on_target,omitempty"`
	// Snapshots lists what lies there, when the source knows the repository.
	Snapshots []string `json:"snapshots,omitempty"`
	// BucketExists and BucketRegion describe an s3 place; BucketRegion is set for an existing bucket.
	BucketExists bool   `json:"bucket_exists,omitempty"`
	BucketRegion string `json:"bucket_region,omitempty"`
	// WantedRegion is the source domain's region.
	WantedRegion string `json:"wanted_region,omitempty"`
	// Trouble is why the place cannot be used, with what to do.
	Trouble     string `json:"trouble,omitempty"`
	TroubleHint string `json:"trouble_hint,omitempty"`
}

// Writer is one writer's configuration as it was seen.
type Writer struct {
	Name string `json:"name"`
	// Findings are what its configuration would lose or double.
	Findings []Finding `json:"findings,omitempty"`
	// Retries says that the writer keeps what it cannot deliver, so that a fence is allowed.
	Retries bool `json:"retries"`
	// Diff is the change that cutover will make.
	Diff string `json:"diff,omitempty"`
}

// Index finds an index by name.
func (s Side) Index(name string) (Index, bool) {
	for _, index := range s.Indices {
		if index.Name == name {
			return index, true
		}
	}
	return Index{}, false
}
