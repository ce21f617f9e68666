package plan

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
)

var (
	seven10 = es.Version{Major: 7, Minor: 10, Patch: 2}
	eight19 = es.Version{Major: 8, Minor: 19}
	second  = es.Version{Product: es.OpenSearch, Major: 2, Minor: 19}
)

func bodies(pairs ...string) map[string]json.RawMessage {
	found := map[string]json.RawMessage{}
	for i := 0; i < len(pairs); i += 2 {
		found[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return found
}

func TestEachThingComesAlongOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	from := &cluster.Belongings{
		Templates: cluster.Templates{Legacy: bodies("logs", `{"order":1,"index_patterns":["logs-*"],"settings":{"index.lifecycle.name":"weekly"}}`, ".monitoring", `{"index_patterns":["x"]}`, "there", `{"index_patterns":["t"]}`),
			Composable: bodies("ours", `{"index_patterns":["ours-*"],"allow_auto_create":true,"template":{"settings":{"index":{"lifecycle":{"name":"weekly"}}}}}`), Components: bodies("brought", `{"_meta":{"managed":true},"template":{}}`)},
		Pipelines:  bodies("good", `{"processors":[{"set":{"field":"a","value":1}}]}`, "bad", `{"processors":[{"foreach":{"field":"x","processor":{"special":{}}}}]}`, "unwanted", `{"processors":[]}`),
		Lifecycles: bodies("weekly", `{"policy":{"phases":{"hot":{"actions":{}},"delete":{"min_age":"7d","actions":{"delete":{}}}}}}`), States: bodies("state", `{"policy_id":"state","states":[]}`),
		Scripts:  bodies("old", `{"lang":"groovy","source":"1"}`, "search", `{"lang":"mustache","source":"{}"}`),
		Settings: bodies("search.max_buckets", `"5"`, "cluster.routing.allocation.exclude._ip", `"1.2.3.4"`),
	}
	there := &cluster.Belongings{Templates: cluster.Templates{Legacy: bodies("there", `{}`)}, Processors: []string{"set", "foreach"}, Told: true}
	for _, row := range []struct {
		target es.Version
		want   map[string]string // what it becomes, or a word of why it is left
	}{
		{second, map[string]string{"template/logs": "template", "template/.monitoring": "server", "template/there": "stays", "index-template/ours": "index-template", "component/brought": "server", "pipeline/good": "pipeline", "pipeline/bad": "pipeline",
			"pipeline/unwanted": "migration.yaml", "lifecycle/weekly": "state-policy", "state-policy/state": "state-policy", "script/old": "painless", "script/search": "script", "setting/search.max_buckets": "setting", "setting/cluster.routing.allocation.exclude._ip": "nodes"}},
		{eight19, map[string]string{"template/logs": "index-template", "lifecycle/weekly": "lifecycle", "state-policy/state": "no index state management"}},
	} {
		things := Things(from, there, seven10, row.target, wanted(t, "leave: [pipeline/un*]\n"))
		seen := map[string]Thing{}
		for _, thing := range things {
			seen[thing.ID()] = thing
		}
		for id, want := range row.want {
			thing, known := seen[id]
			if !known || string(thing.Becomes) != want && (thing.Left == "" || !strings.Contains(thing.Left, want)) {
				t.Errorf("%s for %s: %+v, want %q", id, row.target.Full(), thing, want)
			}
			if (thing.Left == "") != (len(thing.After) > 0) && !thing.There {
				t.Errorf("%s for %s: left %q with the body %s", id, row.target.Full(), thing.Left, thing.After)
			}
		}
		if findings := seen["pipeline/bad"].Findings; len(findings) != 1 || !strings.Contains(findings[0].Message, "special") {
			t.Errorf("the missing processor: %+v", findings)
		}
		if row.target == second && (!strings.Contains(string(seen["lifecycle/weekly"].After), `"logs-*","ours-*"`) || strings.Contains(string(seen["index-template/ours"].After), "allow_auto_create")) {
			t.Errorf("%s, %s", seen["lifecycle/weekly"].After, seen["index-template/ours"].After)
		}
	}
}

func TestFilesAndPluginsOfAnAnalysisAreFoundBeforeTheStart(t *testing.T) {
	t.Parallel()
	seen := facts()
	logs := &seen.Source.Indices[3]
	logs.Settings = bodies("index.analysis.filter.syn.type", `"synonym"`, "index.analysis.filter.syn.synonyms_path", `"analysis/syn.txt"`, "index.analysis.tokenizer.ja.type", `"kuromoji_tokenizer"`, "index.analysis.tokenizer.ja.user_dictionary", `"user.txt"`,
		"index.analysis.filter.spell.type", `"hunspell"`, "index.analysis.filter.spell.locale", `"en_US"`)
	logs.Mappings = json.RawMessage(`{"doc":{"_size":{"enabled":true},"properties":{"h":{"type":"murmur3"},"t":{"type":"string","analyzer":"icu_analyzer"}}}}`)
	told := func(more, domain string, plugins ...string) map[string]Severity {
		seen.Target.Belongings = cluster.Belongings{Told: true, Plugins: plugins}
		seen.Target.Domain = domain
		choices := wanted(t, more)
		found := map[string]Severity{}
		for _, finding := range checkAnalysis(seen, choices, Routes(seen, choices)) {
			found[finding.Message] = finding.Severity
			if finding.Severity == Blocker && finding.Decide == "" {
				t.Errorf("nobody is told what to do: %+v", finding)
			}
		}
		return found
	}
	count := func(found map[string]Severity, severity Severity) (n int) {
		for _, one := range found {
			if one == severity {
				n++
			}
		}
		return n
	}
	if found := told("", ""); count(found, Blocker) != 7 {
		t.Errorf("three files and four plugins: %v", found)
	}
	if found := told("", "", "analysis-icu", "analysis-kuromoji", "mapper-size", "mapper-murmur3"); count(found, Blocker) != 3 {
		t.Errorf("three files: %v", found)
	}
	if found := told("", "domain"); count(found, Blocker) != 3 || count(found, Warning) != 0 {
		t.Errorf("AWS has the plugins: %v", found)
	}
	if found := told("transform: {files: {analysis/syn.txt: analyzers/F1, user.txt: user.txt, hunspell/en_US: hunspell/en_US}}\n", "domain"); count(found, Blocker) != 0 {
		t.Errorf("all files are placed: %v", found)
	}
	choices := wanted(t, "transform: {files: {analysis/syn.txt: analyzers/F1}}\n")
	at := slices.IndexFunc(Routes(seen, choices), func(route Route) bool { return route.Source == "logs" })
	if route := Routes(seen, choices)[at]; route.Kind != Backfill {
		t.Errorf("an index whose file lies elsewhere is restored: %+v", route)
	}
	sides, err := ShowBothSides(seen, choices, "logs")
	if err != nil || len(sides) != 1 || !strings.Contains(string(sides[0].Source), "analysis/syn.txt") || !strings.Contains(string(sides[0].Target), "analyzers/F1") || strings.Contains(string(sides[0].Source), `"doc"`) {
		t.Errorf("%v %s", err, sides)
	}
}
