package plan

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

func withoutRepository(t *testing.T, more string) *migration.Migration {
	t.Helper()
	parsed, err := migration.Parse("migration.yaml", []byte("source: {url: 'http://a:1'}\ntarget: {url: 'http://b:1'}\nrepository: {type: none}\n"+more))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestWithoutARepositoryEveryIndexIsScrolledAndThePlanSaysWhy(t *testing.T) {
	t.Parallel()
	made := Make(facts(), withoutRepository(t, "indices: {closed: open}\n"))
	for _, route := range made.Routes {
		if route.Kind == Skip || route.Kind == Kibana {
			continue
		}
		if route.Kind != Scroll || !strings.Contains(route.Reason, "repository.type is none") {
			t.Errorf("%s: %s (%s)", route.Source, route.Kind, route.Reason)
		}
	}
	if blockers := Blockers(made.Findings); len(blockers) > 0 {
		t.Errorf("%+v", blockers)
	}
	if warnings := ids(made.Findings, Warning); !slices.Contains(warnings, "scroll") || !slices.Contains(warnings, "no-final-snapshot") {
		t.Errorf("%v", warnings)
	}
}

func TestFieldsThatASearchDoesNotGiveAreToldBeforeTheScroll(t *testing.T) {
	t.Parallel()
	for mapping, told := range map[string]bool{
		`{"log":{"_source":{"excludes":["secret"]}}}`: true, `{"_source":{"includes":["a*"]},"properties":{}}`: true,
		`{"log":{"_source":{"excludes":[]},"properties":{"_source":{"type":"string"}}}}`: false, `{"log":{"properties":{}}}`: false,
	} {
		seen := facts()
		seen.Source.Indices[3].Mappings = []byte(mapping)
		if got := slices.Contains(ids(Make(seen, withoutRepository(t, "indices: {closed: skip}\n")).Findings, Warning), "filtered-source"); got != told {
			t.Errorf("%s: told %v, want %v", mapping, got, told)
		}
	}
}

func TestAPersonMayOverruleARouteAndTheLongestPatternDecides(t *testing.T) {
	t.Parallel()
	made := Make(facts(), wanted(t, "indices: {closed: skip, routes: {'*': scroll, 'l*': backfill, 'born*': skip}}\n"))
	for name, kind := range map[string]RouteKind{"logs": Backfill, "born-in-1": Skip, "shut": Skip, ".marvel-es": Skip, ".kibana-4": Kibana} {
		i := slices.IndexFunc(made.Routes, func(route Route) bool { return route.Source == name })
		if made.Routes[i].Kind != kind {
			t.Errorf("%s: %s (%s), want %s", name, made.Routes[i].Kind, made.Routes[i].Reason, kind)
		}
	}
	if blockers := Blockers(made.Findings); len(blockers) > 0 {
		t.Errorf("%+v", blockers)
	}
}

func TestAnOverruledRouteThatCannotBeStopsThePlanWithTheReason(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wanted *migration.Migration
		words  string
	}{
		"a restore that the target refuses":  {wanted(t, "indices: {closed: skip, routes: {'born*': restore}}\n"), "created in Elasticsearch 1.7.6"},
		"a restore without a repository":     {withoutRepository(t, "indices: {closed: skip, routes: {logs: restore}}\n"), "needs a snapshot"},
		"a backfill without a repository":    {withoutRepository(t, "indices: {closed: skip, routes: {logs: backfill}}\n"), "needs a snapshot"},
		"an index without sources to scroll": {withoutRepository(t, "indices: {closed: skip}\n"), "keeps no _source"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := facts()
			if strings.Contains(test.words, "_source") {
				seen.Source.Indices[3].Mappings = []byte(`{"log":{"_source":{"enabled":false},"properties":{}}}`)
			}
			blockers := Blockers(Make(seen, test.wanted).Findings)
			if len(blockers) != 1 || !strings.Contains(blockers[0].Message, test.words) || blockers[0].Decide == "" {
				t.Errorf("%+v", blockers)
			}
		})
	}
}

func TestAnIndexOf1WhoseMapping2DoesNotUpgradeIsLoaded(t *testing.T) {
	t.Parallel()
	old, young := es.Version{Major: 1, Minor: 7, Patch: 6}, es.Version{Major: 2, Minor: 4, Patch: 6}
	seen := &Facts{Source: Side{Version: old, Indices: []Index{
		{Name: "dotted", Created: old, Mappings: []byte(`{"doc":{"properties":{"a":{"properties":{"x.y":{"type":"string"}}}}}}`)},
		{Name: "conflict", Created: old, Mappings: []byte(`{"a":{"properties":{"f":{"type":"string"}}},"b":{"properties":{"f":{"type":"long"}}}}`)},
		{Name: "plain", Created: old, Mappings: []byte(`{"a":{"properties":{"f":{"type":"string"}}},"b":{"properties":{"f":{"type":"string"}}}}`)},
	}}, Target: Side{Version: young}}
	for _, route := range Routes(seen, wanted(t, "")) {
		if loads := route.Source != "plain"; loads != (route.Kind == Backfill) || loads != strings.Contains(route.Reason, "does not upgrade its mapping") {
			t.Errorf("%s: %s (%s)", route.Source, route.Kind, route.Reason)
		}
	}
}

func TestWhatLooksAfterAnIndexIsNamedWithTheRequestThatPutsItOn(t *testing.T) {
	t.Parallel()
	source := es.Version{Major: 7, Minor: 10, Patch: 2}
	held := Index{Name: "logs-1", Created: source, Settings: map[string]json.RawMessage{
		"index.lifecycle.name": json.RawMessage(`"hot-warm"`), "index.lifecycle.rollover_alias": json.RawMessage(`"logs"`), "index.blocks.write": json.RawMessage(`"true"`), "index.blocks.read_only_allow_delete": json.RawMessage(`"true"`)}}
	for _, target := range []struct {
		version es.Version
		words   string
	}{
		{es.Version{Major: 8, Minor: 15}, `PUT /logs-1/_settings {"index.lifecycle.name":"hot-warm","index.lifecycle.rollover_alias":"logs"}`},
		{es.Version{Product: es.OpenSearch, Major: 2, Minor: 19}, `POST /_plugins/_ism/add/logs-1 {"policy_id":"hot-warm"}`},
	} {
		seen := &Facts{Source: Side{Version: source, Indices: []Index{held}}, Target: Side{Version: target.version}}
		routes := Routes(seen, wanted(t, ""))
		if !slices.Equal(routes[0].Blocks, []string{"write"}) {
			t.Errorf("blocks that are carried: %v", routes[0].Blocks)
		}
		i := slices.IndexFunc(Diagnose(seen, wanted(t, ""), routes), func(finding Finding) bool { return finding.ID == "lifecycle" })
		if found := Diagnose(seen, wanted(t, ""), routes); i < 0 || !strings.Contains(found[i].WillDo, target.words) {
			t.Errorf("%s: %+v", target.version.Full(), found)
		}
	}
}
