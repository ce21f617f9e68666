package plan

// findings.go answers: what is worth saying about the facts, and does it stop the move? Next: check_cluster.go.

import (
	"cmp"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/migration"
)

// Severity orders findings.
type Severity string

// The severities. A Blocker stops plan and apply until the person decides or mends.
const (
	Info    Severity = "info"
	Warning Severity = "warning"
	Blocker Severity = "blocker"
)

// Finding is one thing that a person should know before the move.
type Finding struct {
	// ID names the check and never changes.
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Subject is the index, domain or file that it is about.
	Subject string `json:"subject"`
	Message string `json:"message"`
	// WillDo says what hikkoshi does about it, Decide what the person must do.
	WillDo string `json:"will_do,omitempty"`
	Decide string `json:"decide,omitempty"`
}

type check func(facts *Facts, wanted *migration.Migration, routes []Route) []Finding

// checks is every check in the order in which its findings are shown within a severity.
var checks = []check{
	checkVersions, checkHealth, checkSnapshotRunning, checkDisk,
	checkRepository, checkSnapshotName,
	checkClosed, checkExisting, checkNames, checkKibana, checkRoutes, checkOverruled, checkScroll, checkSources, checkBlocks, checkLifecycles, checkAnalysis, checkFilters, checkTargetTemplates, checkStreams, checkThings,
	checkDomain, checkWriters,
}

// Diagnose runs every check.
func Diagnose(facts *Facts, wanted *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	for _, check := range checks {
		findings = append(findings, check(facts, wanted, routes)...)
	}
	for i := range findings {
		if findings[i].Severity == Blocker && slices.Contains(wanted.Accept, findings[i].ID) {
			findings[i].Severity, findings[i].WillDo = Warning, "accepted in migration.yaml"
		}
	}
	rank := map[Severity]int{Blocker: 0, Warning: 1, Info: 2}
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(rank[a.Severity], rank[b.Severity]) })
	return findings
}

// Grouped is a finding that holds for several subjects.
type Grouped struct {
	Finding
	Subjects []string
}

// Group puts together findings that say the same, in the order of the first of each.
func Group(findings []Finding) []Grouped {
	type words struct{ id, message, willDo, decide string }
	places := map[words]int{}
	var grouped []Grouped
	for _, finding := range findings {
		key := words{finding.ID, finding.Message, finding.WillDo, finding.Decide}
		place, known := places[key]
		if !known {
			place, places[key] = len(grouped), len(grouped)
			grouped = append(grouped, Grouped{Finding: finding})
		}
		if !slices.Contains(grouped[place].Subjects, finding.Subject) {
			grouped[place].Subjects = append(grouped[place].Subjects, finding.Subject)
		}
	}
	return grouped
}

// Blockers filters the findings that stop the move.
func Blockers(findings []Finding) []Finding {
	var blockers []Finding
	for _, finding := range findings {
		if finding.Severity == Blocker {
			blockers = append(blockers, finding)
		}
	}
	return blockers
}
