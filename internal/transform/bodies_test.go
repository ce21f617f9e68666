package transform

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

var (
	openSearch2 = es.Version{Product: es.OpenSearch, Major: 2, Minor: 19}
	seven       = es.Version{Major: 7, Minor: 10, Patch: 2}
)

func TestLogstashsTemplateOf2xReachesEachTarget(t *testing.T) {
	t.Parallel()
	const body = `{"order":0,"template":"logstash-*","settings":{"index":{"refresh_interval":"5s"}},"mappings":{"_default_":{"dynamic_templates":[{"message_field":{"match":"message","match_mapping_type":"string","mapping":{"type":"string","index":"analyzed","omit_norms":true,"fielddata":{"format":"disabled"}}}}],"_all":{"enabled":true,"omit_norms":true},"properties":{"@timestamp":{"type":"date"},"geoip":{"dynamic":true,"properties":{"location":{"type":"geo_point","lat_lon":true}}}}}},"aliases":{}}`
	for _, row := range []struct{ target, path, want string }{
		{"5.5.2", "template", "logstash-*"}, {"5.5.2", "mappings._default_.properties.geoip.properties.location.type", "geo_point"},
		{"6.8.23", "index_patterns.0", "logstash-*"}, {"6.8.23", "mappings._default_.dynamic_templates.0.message_field.mapping.type", "text"},
		{"7.10.2", "mappings.dynamic_templates.0.message_field.mapping.norms", "false"}, {"7.10.2", "template", ""}, {"os2.19.3", "mappings._all", ""},
		{"os2.19.3", "settings.index\\.refresh_interval", "5s"}, {"8.15.5", "order", "0"},
	} {
		made, err := Template("logstash", []byte(body), es.Version{}, parseVersion(t, row.target), Choices{})
		if err != nil || len(made.Changes) == 0 {
			t.Fatal(err, made)
		}
		if got := gjson.GetBytes(made.Body, row.path).String(); got != row.want {
			t.Errorf("%s: %s is %q, want %q: %s", row.target, row.path, got, row.want, made.Body)
		}
	}
}

func TestOnlyTemplatesThatMeetNoOtherBecomeComposable(t *testing.T) {
	t.Parallel()
	composable, findings, err := Composable(map[string][]byte{
		"logs":  []byte(`{"order":2,"index_patterns":["logs-*"],"mappings":{"properties":{"a":{"type":"long"}}},"settings":{},"aliases":{}}`),
		"all":   []byte(`{"order":0,"index_patterns":["metrics-*"],"settings":{"index.number_of_shards":1}}`),
		"inner": []byte(`{"order":1,"index_patterns":["metrics-cpu-*"],"settings":{}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"index_patterns":["logs-*"],"priority":502,"template":{"mappings":{"properties":{"a":{"type":"long"}}}}}`; len(composable) != 1 || string(composable["logs"]) != want {
		t.Errorf("%s", composable)
	}
	if len(findings) != 2 {
		t.Errorf("%+v", findings)
	}
}

func TestALifecyclePolicyBecomesStates(t *testing.T) {
	t.Parallel()
	plan, err := Lifecycle("logs", []byte(`{"version":1,"policy":{"phases":{"delete":{"min_age":"30d","actions":{"delete":{}}},"hot":{"min_age":"0ms","actions":{"rollover":{"max_age":"1d","max_size":"50gb"},"set_priority":{"priority":100}}},"warm":{"min_age":"2d","actions":{"forcemerge":{"max_num_segments":1},"freeze":{}}}}}}`), []string{"logs-*"}, openSearch2)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"policy":{"description":"from the lifecycle policy logs","default_state":"hot","states":[` +
		`{"name":"hot","actions":[{"rollover":{"min_index_age":"1d","min_size":"50gb"}},{"index_priority":{"priority":100}}],"transitions":[{"state_name":"warm","conditions":{"min_rollover_age":"2d"}}]},` +
		`{"name":"warm","actions":[{"force_merge":{"max_num_segments":1}}],"transitions":[{"state_name":"delete","conditions":{"min_rollover_age":"30d"}}]},` +
		`{"name":"delete","actions":[{"delete":{}}],"transitions":[]}],"ism_template":[{"index_patterns":["logs-*"],"priority":1}]}}`
	if string(plan.Body) != want {
		t.Errorf("%s", plan.Body)
	}
	if len(plan.Findings) != 1 || !strings.Contains(plan.Findings[0].Message, "freeze") {
		t.Errorf("%+v", plan.Findings)
	}
	if _, err := Lifecycle("x", []byte(`{"policy":{}}`), nil, openSearch2); err == nil {
		t.Error("a policy without phases passes")
	}
}

func TestAPipelinesDatesAreConvertedAndWhatTheTargetLacksIsTold(t *testing.T) {
	t.Parallel()
	plan, err := Pipeline("p", []byte(`{"processors":[{"date":{"field":"t","formats":["ISO8601","YYYY-MM-dd"]}},{"foreach":{"field":"x","processor":{"enrich":{}}}},{"script":{"lang":"groovy","inline":"1"}}]}`), elasticsearch55, openSearch2)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"processors":[{"date":{"field":"t","formats":["ISO8601","uuuu-MM-dd","u-M-d"]}},{"foreach":{"field":"x","processor":{"enrich":{}}}},{"script":{"lang":"groovy","source":"1"}}]}`; string(plan.Body) != want {
		t.Errorf("%s", plan.Body)
	}
	if len(plan.Findings) != 2 {
		t.Errorf("%+v", plan.Findings)
	}
}

func TestObjectsOfALaterKibanaLoseWhatDashboardsRefuses(t *testing.T) {
	t.Parallel()
	line, keep, note, err := KibanaExportLine([]byte(`{"id":"1","type":"dashboard","attributes":{"n":1.50},"migrationVersion":{"dashboard":"7.17.3"},"coreMigrationVersion":"7.17.3"}`), openSearch2)
	if err != nil || !keep || note == "" || string(line) != `{"id":"1","type":"dashboard","attributes":{"n":1.50},"migrationVersion":{"dashboard":"7.9.3"}}` {
		t.Errorf("%s %v %q %v", line, keep, note, err)
	}
	if _, keep, note, _ := KibanaExportLine([]byte(`{"id":"1","type":"lens"}`), openSearch2); keep || note == "" {
		t.Error("lens is kept")
	}
	if line, keep, _, _ := KibanaExportLine([]byte(`{"id":"1","type":"lens"}`), seven); !keep || string(line) != `{"id":"1","type":"lens"}` {
		t.Error("Elasticsearch's own is touched")
	}
}
