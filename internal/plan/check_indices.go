package plan

// check_indices.go answers: which indices need a decision? Next: check_names.go.

import (
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/migration"
)

func checkClosed(facts *Facts, wanted *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	for _, route := range routes {
		index, _ := facts.Source.Index(route.Source)
		if !index.Closed || route.Excluded {
			continue
		}
		finding := Finding{ID: "closed-index", Subject: route.Source, Message: "the index is closed, and snapshots leave closed indices out in silence"}
		switch wanted.Indices.Closed {
		case migration.ClosedOpen:
			finding.Severity, finding.WillDo = Warning, "it is opened for the snapshot and closed again, on both sides"
		case migration.ClosedSkip:
			finding.Severity, finding.WillDo = Warning, "it stays behind, as migration.yaml says"
		default:
			finding.Severity, finding.Decide = Blocker, "set indices.closed in migration.yaml to open (moved) or skip (left behind)"
		}
		findings = append(findings, finding)
	}
	return findings
}

func checkExisting(facts *Facts, wanted *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	for _, route := range routes {
		existing, exists := facts.Target.Index(route.Target)
		if !exists || route.Excluded || route.Kind == Kibana || IsKibana(route.Source) {
			continue
		}
		finding := Finding{ID: "target-not-empty", Subject: route.Target,
			Message: fmt.Sprintf("the target already holds an index of that name, with %d documents", existing.Documents)}
		switch wanted.Indices.Existing {
		case migration.ExistingSkip:
			finding.Severity, finding.WillDo = Warning, "it is left as it is, and the source's is not moved"
		case migration.ExistingReplace:
			finding.Severity, finding.WillDo = Warning, "it is deleted on the target before the move; that cannot be undone"
		default:
			finding.Severity, finding.Decide = Blocker, "empty the target, or set indices.existing (skip or replace) or indices.rename in migration.yaml"
		}
		findings = append(findings, finding)
	}
	return findings
}

func checkKibana(facts *Facts, wanted *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	for _, route := range routes {
		if !IsKibana(route.Source) || route.Excluded {
			continue
		}
		_, conflict := facts.Target.Index(route.Target)
		finding := Finding{ID: "kibana", Severity: Info, Subject: route.Source}
		if conflict {
			finding.Message = "the target's Kibana holds an open index of that name, so that a plain restore would be refused"
		} else {
			finding.Message = "saved searches, visualizations and dashboards of Kibana"
		}
		switch wanted.Kibana {
		case migration.KibanaKeepTarget:
			finding.Severity, finding.WillDo = Warning, "the target's own stays, the source's objects are left behind, as migration.yaml says"
		case migration.KibanaBeside:
			finding.WillDo = "it is restored beside the target's own, as " + route.Target
		default:
			finding.WillDo = "its objects are written into the new Kibana's index " + route.Target
		}
		findings = append(findings, finding)
	}
	return findings
}

// checkSources finds indices that keep no source: what a backfill sends of them is put together from what is left.
func checkSources(facts *Facts, _ *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	for _, route := range routes {
		index, _ := facts.Source.Index(route.Source)
		if route.Kind == Backfill && filtersSource(index.Mappings) {
			findings = append(findings, Finding{ID: "source-filtered", Severity: Warning, Subject: route.Source,
				Message: "its _source leaves fields out (includes, excludes), so they can be searched on the source and have no bytes to be carried over", WillDo: "the documents go over as their _source has them"})
		}
		if route.Kind != Backfill || !KeepsNoSource(index.Mappings) {
			continue
		}
		findings = append(findings, Finding{ID: "no-source", Severity: Blocker, Subject: route.Source,
			Message: "the index keeps no _source, so its documents can only be put together from stored fields and doc values: order, duplicates and texts without a copy are lost, and the proof cannot hold for it",
			Decide:  "exclude the index (indices.exclude), or accept this finding"})
	}
	return findings
}

// KeepsNoSource says whether a mapping, with types or without, switches _source off.
func KeepsNoSource(mappings []byte) bool {
	root := gjson.ParseBytes(mappings)
	off := root.Get("_source.enabled").Raw == "false"
	root.ForEach(func(_, docType gjson.Result) bool {
		off = off || docType.Get("_source.enabled").String() == "false"
		return true
	})
	return off
}

// subject names the index, and the place in it where that says more than the message.
func subject(index, where string) string {
	switch words := strings.Fields(where); {
	case where == "index", where == "documents", len(words) <= 2 && words[0] == "mapping":
		return index
	default:
		return index + " " + where
	}
}

func checkRoutes(facts *Facts, _ *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	for _, route := range routes {
		if route.Kind == Backfill {
			findings = append(findings, Finding{ID: "backfill", Severity: Info, Subject: route.Source, Message: "cannot be restored: " + route.Reason,
				WillDo: "its documents are read out of the snapshot and sent by _bulk, into an index with its mapping and settings after the rules"})
		}
		for _, one := range route.Findings {
			findings = append(findings, Finding{ID: one.Rule, Severity: Severity(one.Severity), Subject: subject(route.Source, one.Where), Message: one.Message, Decide: one.Decide})
		}
	}
	if len(routes) == 0 {
		findings = append(findings, Finding{ID: "nothing-to-move", Severity: Blocker, Subject: facts.Source.Label, Message: "no index matches indices.include",
			Decide: "look at the patterns in migration.yaml"})
	}
	return findings
}
