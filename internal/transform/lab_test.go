package transform

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// missingModules are what a node of the lab lacks, and what a case must not need there.
var missingModules = map[string][]string{
	"8.15.5": {`"join"`, `"percolator"`, `"scaled_float"`, `"token_count"`, `"match_only_text"`}, "8.19.0": {`"join"`, `"percolator"`, `"scaled_float"`, `"token_count"`, `"match_only_text"`}, "6.8.23": {`"token_count"`, `"scaled_float"`},
}

func TestRealServersTakeWhatTheRulesMake(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real node of every version, one after the other")
	}
	cases := map[string]testCase{}
	for _, file := range caseFiles(t) {
		cases[strings.TrimSuffix(filepath.Base(file), ".txtar")] = readCase(t, file)
	}
	// First the sources: what a real old server makes of a case, and says of it, is what goes in.
	for _, version := range []string{"1.7.6", "2.3.2", "5.5.2", "6.8.23"} {
		t.Run("source "+version, func(t *testing.T) {
			node := labtest.Node(t, version)
			for name, c := range cases {
				if c.source == parseVersion(t, version) && !slices.Contains(c.targets, "none") {
					c.in = asTheSourceSays(t, node, c)
					cases[name] = c
				}
			}
		})
	}
	for _, version := range lab.Versions() {
		t.Run("target "+version, func(t *testing.T) {
			target := parseVersion(t, version)
			if target.Lineage() < 2 {
				t.Skip("no rule leads there")
			}
			var fitting []string
			for _, name := range sortedKeys(cases) {
				if only := cases[name].targets; len(only) > 0 && !slices.Contains(only, version) {
					continue
				}
				if es.Compare(cases[name].source, target) < 0 && cases[name].source.Lineage() <= target.Lineage() || cases[name].target == target {
					fitting = append(fitting, name)
				}
			}
			node := labtest.Node(t, version)
			for _, name := range fitting {
				t.Run(name, func(t *testing.T) { moveCase(t, node, cases[name], target) })
			}
		})
	}
}

// mustCall is Ask for what has to succeed; what does not is told, and the next is tried.
func mustCall(t *testing.T, node *lab.Node, method, path, body string) string {
	t.Helper()
	status, answer := labtest.Ask(t, method, node.URL()+path, body)
	if status >= http.StatusMultipleChoices {
		t.Errorf("%s %s %s: %d %s\n%s", node.Version(), method, path, status, answer, body)
	}
	return answer
}

// checkDates holds what the target stored for dates against what the source's library reads in the same documents.
func checkDates(t *testing.T, node *lab.Node, c testCase, index TargetIndex) {
	t.Helper()
	formats, docType := map[string]string{}, "mappings.properties"
	gjson.ParseBytes(c.in.Mappings).ForEach(func(_, mapping gjson.Result) bool {
		mapping.Get("properties").ForEach(func(name, f gjson.Result) bool {
			if f.Get("type").String() == "date" && f.Get("format").Exists() && gjson.GetBytes(index.Body, docType+"."+sjsonPath(name.String())).Exists() {
				formats[name.String()] = f.Get("format").String()
			}
			return true
		})
		return true
	})
	if len(formats) == 0 || c.source.AtLeast(7, 0) || !c.source.AtLeast(2, 0) {
		return // 1.x tries milliseconds besides the format
	}
	var fields []string
	for _, name := range sortedKeys(formats) {
		fields = append(fields, fmt.Sprintf(`{"field":%q,"format":"epoch_millis"}`, name))
	}
	mustCall(t, node, http.MethodPost, "/"+index.Name+"/_refresh", "")
	hits := gjson.Get(mustCall(t, node, http.MethodPost, "/"+index.Name+"/_search", `{"size":100,"docvalue_fields":[`+strings.Join(fields, ",")+`]}`), "hits.hits").Array()
	if len(hits) == 0 {
		t.Errorf("%s holds no documents", index.Name)
	}
	for _, hit := range hits {
		for name, format := range formats {
			value := hit.Get("_source." + sjsonPath(name))
			if !value.Exists() {
				continue
			}
			want, err := readDate(format, value.String(), jodaRules)
			if err != nil {
				t.Errorf("%s of %s can't be read under %s", name, hit.Get("_id"), format)
				continue
			}
			if got := hit.Get("fields." + sjsonPath(name) + ".0").String(); got != fmt.Sprint(want.UnixMilli()) {
				t.Errorf("%s: %s of %s is %s, and was %d (%s)", node.Version(), name, value, got, want.UnixMilli(), format)
			}
		}
	}
}

func asTheSourceSays(t *testing.T, node *lab.Node, c testCase) IndexInput {
	t.Helper()
	body := map[string]any{"mappings": json.RawMessage(c.in.Mappings)}
	if len(c.in.Settings) > 0 {
		settings := map[string]json.RawMessage{}
		for key, v := range c.in.Settings {
			if !slices.Contains([]string{"index.creation_date", "index.uuid", "index.version.created", "index.mapping.single_type"}, key) {
				settings[key] = v
			}
		}
		body["settings"] = settings
	}
	if len(c.in.Aliases) > 0 {
		body["aliases"] = c.in.Aliases
	}
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	path := "/" + c.in.Name
	mustCall(t, node, http.MethodPut, path, string(raw))
	if t.Failed() {
		t.FailNow()
	}
	in := c.in
	name := strings.ReplaceAll(c.in.Name, ".", `\.`)
	in.Mappings = json.RawMessage(gjson.Get(mustCall(t, node, http.MethodGet, path+"/_mapping", ""), name+".mappings").Raw)
	in.Settings, in.Aliases = map[string]json.RawMessage{}, map[string]json.RawMessage{}
	gjson.Get(mustCall(t, node, http.MethodGet, path+"/_settings?flat_settings=true", ""), name+".settings").ForEach(func(key, v gjson.Result) bool {
		in.Settings[key.String()] = json.RawMessage(v.Raw)
		return true
	})
	gjson.Get(mustCall(t, node, http.MethodGet, path+"/_alias", ""), name+".aliases").ForEach(func(key, v gjson.Result) bool {
		in.Aliases[key.String()] = json.RawMessage(v.Raw)
		return true
	})
	return in
}

func moveCase(t *testing.T, node *lab.Node, c testCase, target es.Version) {
	t.Helper()
	plan, err := Index(c.in, c.source, target, c.choices)
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range plan.Targets {
		for _, needs := range missingModules[node.Version()] {
			if strings.Contains(string(index.Body), `"type":`+needs) {
				t.Skipf("the lab's %s has no module for %s", node.Version(), needs)
			}
		}
		mustCall(t, node, http.MethodPut, "/"+url.PathEscape(index.Name), string(index.Body))
	}
	for _, line := range c.documents {
		doc := readDocument(line)
		at := plan.Targets[0]
		for _, index := range plan.Targets {
			if slices.Contains(index.Types, doc.Type) {
				at = index
			}
		}
		if at.Documents != nil {
			action, _, err := at.Documents.Apply(nil, &doc)
			if err != nil {
				t.Fatal(err)
			}
			if action == Quarantine {
				continue
			}
		}
		path := fmt.Sprintf("/%s/%s/%s", or(doc.Index, at.Name), or(or(at.Type, doc.Type), "_doc"), url.PathEscape(doc.ID))
		if target.AtLeast(7, 0) {
			path = fmt.Sprintf("/%s/_doc/%s", or(doc.Index, at.Name), url.PathEscape(doc.ID))
		} else if len(at.Types) > 1 && !target.AtLeast(6, 0) {
			path = fmt.Sprintf("/%s/%s/%s", at.Name, doc.Type, url.PathEscape(doc.ID))
		}
		query := url.Values{"routing": {doc.Routing}}
		if doc.Parent != "" && !target.AtLeast(6, 0) {
			query.Set("parent", doc.Parent)
		}
		if doc.Routing == "" {
			query.Del("routing")
		}
		mustCall(t, node, http.MethodPut, path+"?"+query.Encode(), string(doc.Source))
	}
	if target.AtLeast(7, 0) {
		for _, index := range plan.Targets {
			if index.Documents == nil || len(index.Documents.users) == 0 {
				checkDates(t, node, c, index)
			}
		}
	}
}

func TestRealServersTakeTheTemplatesThatTheRulesMake(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	const body = `{"order":0,"template":"logstash-*","settings":{"index":{"refresh_interval":"5s"}},"mappings":{"_default_":{"dynamic_templates":[{"message_field":{"match":"message","match_mapping_type":"string","mapping":{"type":"string","index":"analyzed","omit_norms":true,"fielddata":{"format":"disabled"}}}}],"_all":{"enabled":true,"omit_norms":true},"properties":{"@timestamp":{"type":"date"},"geoip":{"dynamic":true,"properties":{"location":{"type":"geo_point","lat_lon":true}}}}}},"aliases":{"all":{"filter":{"missing":{"field":"x"}}}}}`
	for _, version := range []string{"5.5.2", "6.8.23", "7.10.2", "8.15.5", "os2.19.3"} {
		t.Run(version, func(t *testing.T) {
			node := labtest.Node(t, version)
			made, err := Template("logstash", []byte(body), es.Version{}, parseVersion(t, version), Choices{})
			if err != nil {
				t.Fatal(err)
			}
			now := made.Body
			mustCall(t, node, http.MethodPut, "/_template/logstash", string(now))
			docType := "_doc"
			if !parseVersion(t, version).AtLeast(7, 0) {
				docType = "logs"
			}
			mustCall(t, node, http.MethodPut, "/logstash-1/"+docType+"/1", `{"@timestamp":"2015-06-07T08:09:10Z","message":"a b","code":1.5}`)
			if parseVersion(t, version).AtLeast(7, 8) {
				composable, _, err := Composable(map[string][]byte{"logstash": now})
				if err != nil {
					t.Fatal(err)
				}
				mustCall(t, node, http.MethodPut, "/_index_template/logstash", string(composable["logstash"]))
				mustCall(t, node, http.MethodPut, "/logstash-2/_doc/1", `{"message":"a b"}`)
			}
		})
	}
}
