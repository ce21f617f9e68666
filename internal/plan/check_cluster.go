package plan

// check_cluster.go answers: are both clusters fit for the move? Next: check_repository.go.

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

func checkVersions(facts *Facts, _ *migration.Migration, _ []Route) []Finding {
	source, target := facts.Source.Version, facts.Target.Version
	switch {
	case source.IsZero() || target.IsZero():
		return nil // reported by whoever could not reach the side
	case es.Compare(source, target) > 0:
		return []Finding{{ID: "source-newer", Severity: Blocker, Subject: facts.Target.Label,
			Message: fmt.Sprintf("the source (%s) is newer than the target (%s)", source.Full(), target.Full()),
			Decide:  "choose a target of the same or a later version; no version reads what a later one wrote"}}
	case source.Product == es.OpenSearch && target.Product == es.Elasticsearch:
		return []Finding{{ID: "opensearch-to-elasticsearch", Severity: Warning, Subject: facts.Target.Label,
			Message: "Elasticsearch does not restore snapshots of OpenSearch", WillDo: "documents are read out of the snapshot and sent to the target"}}
	}
	return nil
}

func checkHealth(facts *Facts, _ *migration.Migration, _ []Route) []Finding {
	var findings []Finding
	if facts.Source.Health == "red" {
		var red []string
		for _, index := range facts.Source.Indices {
			if index.Health == "red" {
				red = append(red, index.Name)
			}
		}
		findings = append(findings, Finding{ID: "source-red", Severity: Blocker, Subject: facts.Source.Label,
			Message: "the source is red: documents of " + listed(red) + " are out of reach, and a snapshot would be partial",
			Decide:  "bring the missing shards back, or exclude these indices in migration.yaml (indices.exclude)"})
	}
	if facts.Target.Exists && facts.Target.Health == "red" {
		findings = append(findings, Finding{ID: "target-red", Severity: Blocker, Subject: facts.Target.Label,
			Message: "the target is red", Decide: "mend the target first"})
	}
	return findings
}

func checkSnapshotRunning(facts *Facts, _ *migration.Migration, _ []Route) []Finding {
	if len(facts.Source.SnapshotsRunning) == 0 {
		return nil
	}
	return []Finding{{ID: "snapshot-running", Severity: Info, Subject: facts.Source.Label,
		Message: "a snapshot is being taken: " + listed(facts.Source.SnapshotsRunning),
		WillDo:  "hikkoshi waits for it: a cluster of this age takes one at a time"}}
}

// diskSlack is what a restored or loaded index needs beyond its size on the source while segments merge.
const diskSlack = 1.3

func checkDisk(facts *Facts, _ *migration.Migration, routes []Route) []Finding {
	if facts.Target.DiskTotal == 0 {
		return nil
	}
	var needed int64
	for _, route := range routes {
		if route.Kind != Skip {
			needed += int64(float64(route.Bytes) * diskSlack)
		}
	}
	if needed <= facts.Target.DiskFree {
		return nil
	}
	return []Finding{{ID: "target-disk", Severity: Blocker, Subject: facts.Target.Label,
		Message: fmt.Sprintf("the target has %d bytes free and the move needs about %d (%.1f times the primaries)", facts.Target.DiskFree, needed, diskSlack),
		Decide:  "give the target larger volumes or more nodes, or exclude indices"}}
}

func checkDomain(facts *Facts, _ *migration.Migration, _ []Route) []Finding {
	var findings []Finding
	for _, replacement := range facts.Target.Modelled {
		findings = append(findings, Finding{ID: "domain-setting", Severity: Warning, Subject: facts.Target.Label,
			Message: fmt.Sprintf("%s: %s cannot be kept (%s)", replacement.Setting, replacement.Old, replacement.Reason),
			WillDo:  "the new domain gets " + cmp.Or(replacement.New, "none")})
	}
	for _, undecided := range facts.Target.Undecided {
		findings = append(findings, Finding{ID: "domain-undecided", Severity: Blocker, Subject: facts.Target.Label,
			Message: undecided.Setting + ": " + undecided.Reason, Decide: undecided.Advice})
	}
	return findings
}

func listed(names []string) string {
	const most = 5
	if len(names) == 0 {
		return "some indices"
	}
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
