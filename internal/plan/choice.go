package plan

// choice.go answers: which of restore, backfill and scroll does an index take, and may a person overrule that? Next: plan.go.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// noSnapshot is the reason of a route that needs none.
const noSnapshot = "no snapshot can be had (repository.type is none), so it is read through the source's search API"

// choose decides what a person has not decided in indices.routes.
func choose(index Index, facts *Facts, wanted *migration.Migration) (RouteKind, string) {
	route, pattern := wanted.Indices.RouteOf(index.Name)
	if route != "" {
		return RouteKind(route), fmt.Sprintf("indices.routes says so (%s)", pattern)
	}
	if wanted.Repository.Type == migration.RepositoryNone {
		return Scroll, noSnapshot
	}
	if ok, why := canRestore(index, facts); !ok {
		return Backfill, why
	}
	if why := unfit(index, facts); why != "" {
		return Backfill, why
	}
	if file := movedFile(index, facts, wanted); file != "" {
		return Backfill, "its analysis reads " + file + ", whose place on the target is another"
	}
	return Restore, "created in " + createdIn(index, facts).Full() + ", which " + facts.Target.Version.Full() + " opens"
}

func wantedSkip(index string, wanted *migration.Migration) bool {
	route, _ := wanted.Indices.RouteOf(index)
	return route == migration.RouteSkip
}

func canRestore(index Index, facts *Facts) (ok bool, why string) {
	created := createdIn(index, facts)
	if ok, why := es.CanRestore(created, facts.Source.Version, facts.Target.Version); !ok {
		return ok, why
	}
	if !created.AtLeast(2, 0) && facts.Target.Version.AtLeast(2, 0) {
		return upgrades(index, facts)
	}
	return true, ""
}

// notUpgraded are the rules of what 2.x refuses in the mapping of an index of 1.x that it is asked to restore: it upgrades
// the rest by itself.
var notUpgraded = []string{"es2_field_names", "es2_type_names", "es2_conflicts"}

// upgrades says whether 2.x can upgrade the mapping of an index of 1.x.
func upgrades(index Index, facts *Facts) (ok bool, why string) {
	made, err := transform.Index(transform.IndexInput{Name: index.Name, Created: index.Created, Settings: index.Settings, Mappings: index.Mappings},
		facts.Source.Version, facts.Target.Version, transform.Choices{})
	if err != nil {
		return false, err.Error()
	}
	for _, change := range made.Changes {
		if slices.Contains(notUpgraded, change.Rule) {
			return false, fmt.Sprintf("%s does not upgrade its mapping: %s: %s", facts.Target.Version.Full(), change.Where, change.Why)
		}
	}
	for _, finding := range made.Findings {
		if slices.Contains(notUpgraded, finding.Rule) {
			return false, fmt.Sprintf("%s does not upgrade its mapping: %s: %s", facts.Target.Version.Full(), finding.Where, finding.Message)
		}
	}
	return true, ""
}

// unfit says why an index that the target would restore is better loaded anew: what stands in it would be there, and
// what is written to it afterwards would not (measured, docs/matrix.md).
func unfit(index Index, facts *Facts) string {
	target := facts.Target.Version
	if target.Product == es.OpenSearch && target.AtLeast(skipListSince.Major, skipListSince.Minor) && es.Compare(createdIn(index, facts), skipListSince) < 0 &&
		!strings.HasPrefix(index.Name, backingPrefix) && gjson.GetBytes(index.Mappings, `properties.\@timestamp.type`).String() == "date" {
		return target.Full() + " refuses new documents with @timestamp in an index that it restored from before 3.3 (docValuesSkipIndexType)"
	}
	return ""
}

// skipListSince is the first OpenSearch that gives every @timestamp a skip list, also in segments that have none.
var skipListSince = es.Version{Product: es.OpenSearch, Major: 3, Minor: 3}

// backingPrefix begins the names of a data stream's indices, which are restored with their stream.
const backingPrefix = ".ds-"

func createdIn(index Index, facts *Facts) es.Version {
	if index.Created.IsZero() {
		return facts.Source.Version
	}
	return index.Created
}

// checkOverruled finds routes that a person wants and that cannot be.
func checkOverruled(facts *Facts, wanted *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	for _, route := range routes {
		chosen, pattern := wanted.Indices.RouteOf(route.Source)
		if chosen == "" || route.Kind == Skip || string(route.Kind) != chosen {
			continue
		}
		finding := Finding{ID: "route-impossible", Severity: Blocker, Subject: route.Source}
		index, _ := facts.Source.Index(route.Source)
		possible, why := canRestore(index, facts)
		switch {
		case route.Kind != Scroll && wanted.Repository.Type == migration.RepositoryNone:
			finding.Message = fmt.Sprintf("indices.routes (%s) wants a %s, which needs a snapshot, and repository.type is none", pattern, route.Kind)
			finding.Decide = "name a repository, or choose scroll"
		case route.Kind == Restore && !possible:
			finding.Message = fmt.Sprintf("indices.routes (%s) wants a restore, which the target refuses: %s", pattern, why)
			finding.Decide = "choose backfill or scroll, or leave the choice to the plan"
		default:
			continue
		}
		findings = append(findings, finding)
	}
	return findings
}

// filtersSource says whether a mapping keeps only a part of each document's source.
func filtersSource(mappings []byte) bool {
	some := func(source gjson.Result) bool {
		return len(source.Get("includes").Array())+len(source.Get("excludes").Array()) > 0
	}
	root := gjson.ParseBytes(mappings)
	filters := some(root.Get("_source"))
	root.ForEach(func(_, docType gjson.Result) bool {
		filters = filters || some(docType.Get("_source"))
		return true
	})
	return filters
}

// checkScroll tells what reading through the search API means for the source, and finds what cannot be read so.
func checkScroll(facts *Facts, wanted *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	for _, route := range routes {
		if route.Kind != Scroll {
			continue
		}
		index, _ := facts.Source.Index(route.Source)
		findings = append(findings, Finding{ID: "scroll", Severity: Warning, Subject: route.Source,
			Message: "its documents are read through the source's search API, which the source's other work will feel",
			WillDo:  "the reading is held down (load.source_rate, load.source_megabytes, load.source_readers) and waits while the source is busy; what is written meanwhile comes with the rounds"})
		if filtersSource(index.Mappings) {
			findings = append(findings, Finding{ID: "filtered-source", Severity: Warning, Subject: route.Source,
				Message: "the index leaves fields out of its _source (includes, excludes), and a search gives only what is left: they are not in the documents that arrive",
				WillDo:  "the documents are moved as the source gives them"})
		}
		if KeepsNoSource(index.Mappings) {
			findings = append(findings, Finding{ID: "no-source-to-scroll", Severity: Blocker, Subject: route.Source,
				Message: "the index keeps no _source, so a search gives ids and nothing else",
				Decide:  "exclude the index (indices.exclude), or give the move a repository: a snapshot's files hold enough to put documents together"})
		}
	}
	if wanted.Repository.Type == migration.RepositoryNone {
		findings = append(findings, Finding{ID: "no-final-snapshot", Severity: Warning, Subject: facts.Source.Label,
			Message: "without a repository nothing of the source remains once it is gone",
			WillDo:  "`hikkoshi retire` refuses until somebody says --without-snapshot, or retire.without_snapshot in migration.yaml"})
	}
	return findings
}
