package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

var (
	old23 = es.Version{Major: 2, Minor: 3, Patch: 2}
	new55 = es.Version{Major: 5, Minor: 5, Patch: 2}
)

func wanted(t *testing.T, more string) *migration.Migration {
	t.Helper()
	parsed, err := migration.Parse("migration.yaml", []byte("source: {url: 'http://a:1'}\ntarget: {url: 'http://b:1'}\nrepository: {type: fs, location: /r}\n"+more))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func facts() *Facts {
	return &Facts{
		Source: Side{Label: "a", Exists: true, Version: old23, Health: "green", ClusterUUID: "s", Indices: []Index{
			{Name: ".kibana-4", UUID: "k", Created: old23, Documents: 3},
			{Name: ".marvel-es", UUID: "m", Created: old23},
			{Name: "born-in-1", UUID: "b", Created: es.Version{Major: 1, Minor: 7, Patch: 6}, Documents: 5},
			{Name: "logs", UUID: "l", Created: old23, Documents: 10, Bytes: 1000},
			{Name: "shut", UUID: "c", Created: old23, Closed: true},
		}},
		Target:  Side{Label: "b", Exists: true, Version: new55, Health: "green", Indices: []Index{{Name: ".kibana", Documents: 1}}},
		Writers: []Writer{{Name: "w", Retries: true}},
	}
}

func ids(findings []Finding, severity Severity) []string {
	var list []string
	for _, finding := range findings {
		if finding.Severity == severity {
			list = append(list, finding.ID)
		}
	}
	slices.Sort(list)
	return list
}

func TestEachIndexTravelsByTheRouteThatItsBirthAllows(t *testing.T) {
	t.Parallel()
	made := Make(facts(), wanted(t, "indices: {closed: open, exclude: ['nothing*']}\n"))
	routes := map[string]RouteKind{}
	for _, route := range made.Routes {
		routes[route.Source] = route.Kind
	}
	for name, kind := range map[string]RouteKind{".kibana-4": Kibana, ".marvel-es": Skip, "born-in-1": Backfill, "logs": Restore, "shut": Restore} {
		if routes[name] != kind {
			t.Errorf("%s: %s, want %s", name, routes[name], kind)
		}
	}
}

func TestWhatAPersonMustDecideBlocksThePlanUntilItIsDecided(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change  func(*Facts)
		yaml    string
		blocker string
	}{
		"a closed index":                  {func(*Facts) {}, "", "closed-index"},
		"a target that is not empty":      {func(f *Facts) { f.Target.Indices = append(f.Target.Indices, Index{Name: "logs"}) }, "indices: {closed: skip}\n", "target-not-empty"},
		"two indices that become one":     {func(*Facts) {}, "indices: {closed: skip, rename: {born-in-1: logs}}\n", "two-into-one"},
		"an alias and an index of a name": {func(f *Facts) { f.Source.Indices[2].Aliases = []string{"events"} }, "indices: {closed: skip, rename: {logs: events}}\n", "alias-named-as-index"},
		"a template of data streams": {func(f *Facts) {
			f.Target.Belongings.Composable = map[string]json.RawMessage{"streams": json.RawMessage(`{"index_patterns":["born-*"],"data_stream":{}}`), "far": json.RawMessage(`{"index_patterns":["borne*","lo?s"],"data_stream":{}}`)}
		}, "indices: {closed: skip}\n", "target-template"},
		"not enough disk on the target":   {func(f *Facts) { f.Target.DiskTotal, f.Target.DiskFree = 5000, 1200 }, "indices: {closed: skip}\n", "target-disk"},
		"a red source":                    {func(f *Facts) { f.Source.Health = "red" }, "indices: {closed: skip}\n", "source-red"},
		"a snapshot of that name":         {func(f *Facts) { f.Repository.Snapshots = []string{"hikkoshi-migration-1"} }, "indices: {closed: skip}\n", "snapshot-name-taken"},
		"the repository's name elsewhere": {func(f *Facts) { f.Repository.ElsewhereOnTarget = "fs /other" }, "indices: {closed: skip}\n", "repository-elsewhere"},
		"a bucket in another region":      {func(f *Facts) { f.Repository.BucketRegion, f.Repository.WantedRegion = "x", "y" }, "indices: {closed: skip}\n", "bucket-region"},
		"a fence that would lose events":  {func(f *Facts) { f.Writers[0].Retries = false }, "indices: {closed: skip}\ncutover: {protocol: fence}\n", "fence-would-lose"},
		"a source newer than the target":  {func(f *Facts) { f.Source.Version = es.Version{Major: 6} }, "indices: {closed: skip}\n", "source-newer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := facts()
			test.change(seen)
			made := Make(seen, wanted(t, test.yaml))
			if blockers := ids(made.Findings, Blocker); !slices.Equal(blockers, []string{test.blocker}) {
				t.Errorf("blockers %v, want %s", blockers, test.blocker)
			}
			for _, finding := range Blockers(made.Findings) {
				if finding.Decide == "" {
					t.Errorf("%s does not say what to do", finding.ID)
				}
			}
		})
	}
	if blockers := Blockers(Make(facts(), wanted(t, "indices: {closed: skip}\n")).Findings); len(blockers) > 0 {
		t.Errorf("a decided plan is blocked: %+v", blockers)
	}
}

func TestFiltersOfAliasesByAFieldThatARuleTakesAwayAreTold(t *testing.T) {
	t.Parallel()
	seen := facts()
	for i := range seen.Source.Indices {
		seen.Source.Indices[i].AliasBodies = map[string]json.RawMessage{"slow": json.RawMessage(`{"filter":{"range":{"took":{"gt":1}}}}`), "all": json.RawMessage(`{}`)}
	}
	const rules = "indices: {closed: skip}\ntransform: {rules: [{index: 'born*', rename: {%s: other}}]}\n"
	for field, told := range map[string][]string{"took": {"born-in-1"}, "too": nil} {
		var subjects []string
		for _, finding := range Make(seen, wanted(t, fmt.Sprintf(rules, field))).Findings {
			if finding.ID == "filter-of-alias" {
				subjects = append(subjects, finding.Subject)
			}
		}
		if !slices.Equal(subjects, told) {
			t.Errorf("%s: %v, want %v", field, subjects, told)
		}
	}
}

func TestAPlanGoesStaleWhenTheWorldMovesButNotWhenWritersWrite(t *testing.T) {
	t.Parallel()
	choice := wanted(t, "indices: {closed: skip}\n")
	made := Make(facts(), choice)
	now := facts()
	now.Source.Indices[3].Documents += 1000
	if err := made.CheckFresh(now, choice); err != nil {
		t.Errorf("a writer made it stale: %v", err)
	}
	for name, change := range map[string]func(*Facts){
		"gone":      func(f *Facts) { f.Source.Indices = f.Source.Indices[1:] },
		"new":       func(f *Facts) { f.Source.Indices = append(f.Source.Indices, Index{Name: "x"}) },
		"recreated": func(f *Facts) { f.Source.Indices[3].UUID = "other" },
		"closed":    func(f *Facts) { f.Source.Indices[3].Closed = true },
		"upgraded":  func(f *Facts) { f.Source.Version.Minor++ },
		"another":   func(f *Facts) { f.Source.ClusterUUID = "other" },
	} {
		moved := facts()
		change(moved)
		if err := made.CheckFresh(moved, choice); !errors.Is(err, ErrStale) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASavedPlanIsTheSamePlan(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state", "plan.json")
	made := Make(facts(), wanted(t, "indices: {closed: skip}\n"))
	if err := made.Save(file); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(file)
	if err != nil || loaded.Hash() != made.Hash() {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(file, []byte(`{"format":99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); !errors.Is(err, ErrStale) {
		t.Errorf("a plan of another format: %v", err)
	}
}
