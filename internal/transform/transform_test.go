package transform

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/recordings"
)

var update = flag.Bool("update", false, "rewrite the expected parts of testdata/*.txtar")

// A case is a txtar: the comment names "source -> target [created]", settings, mappings, aliases and choices are JSON files,
// documents.ndjson holds one document per line with its metadata. What comes out is kept below.
type testCase struct {
	archive                 *txtar.Archive
	source, target, created es.Version
	in                      IndexInput
	choices                 Choices
	documents               []string
	// targets are the lab's versions that have the modules for it; all later ones when there are none.
	targets []string
}

func readCase(t *testing.T, file string) testCase {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := testCase{archive: archive}
	header, _, _ := strings.Cut(string(archive.Comment), "\n")
	parts := strings.Split(header, "->")
	if len(parts) != 2 {
		t.Fatalf("%s: the first line must say SOURCE -> TARGET", file)
	}
	c.source, c.target = parseVersion(t, strings.TrimSpace(parts[0])), parseVersion(t, strings.TrimSpace(parts[1]))
	c.in = IndexInput{Name: strings.TrimSuffix(filepath.Base(file), ".txtar"), Created: c.source}
	for _, part := range archive.Files {
		var err error
		switch part.Name {
		case "settings":
			err = json.Unmarshal(part.Data, &c.in.Settings)
		case "mappings":
			c.in.Mappings = part.Data
		case "aliases":
			err = json.Unmarshal(part.Data, &c.in.Aliases)
		case "choices":
			err = json.Unmarshal(part.Data, &c.choices)
		case "targets":
			c.targets = strings.Fields(string(part.Data))
		case "name":
			c.in.Name = strings.TrimSpace(string(part.Data))
		case "documents":
			c.documents = strings.Split(strings.TrimSpace(string(part.Data)), "\n")
		}
		if err != nil {
			t.Fatalf("%s: %s: %v", file, part.Name, err)
		}
	}
	return c
}

func parseVersion(t testing.TB, text string) es.Version {
	t.Helper()
	version, err := es.ParseVersion(strings.Replace(text, "os", "OpenSearch ", 1))
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func caseFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	return files
}

func TestEachCaseBecomesWhatItsFileSays(t *testing.T) {
	t.Parallel()
	for _, file := range caseFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			c := readCase(t, file)
			plan, err := Index(c.in, c.source, c.target, c.choices)
			if err != nil {
				t.Fatal(err)
			}
			got := render(t, c, plan)
			kept := slices.DeleteFunc(slices.Clone(c.archive.Files), func(f txtar.File) bool { return strings.HasPrefix(f.Name, "out/") })
			now := txtar.Format(&txtar.Archive{Comment: c.archive.Comment, Files: append(kept, got...)})
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(now, before) {
				return
			}
			if !*update {
				t.Fatalf("%s differs (-update rewrites it):\n%s", file, now)
			}
			if err := os.WriteFile(file, now, 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestAMappingOfManyFieldsRaisesTheLimit(t *testing.T) {
	t.Parallel()
	fields := map[string]any{}
	for i := range 1100 {
		fields[fmt.Sprintf("f%d", i)] = map[string]any{"type": "long", "fields": map[string]any{"s": map[string]any{"type": "string"}}}
	}
	mappings, err := json.Marshal(map[string]any{"doc": map[string]any{"properties": fields}})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := Index(IndexInput{Name: "x", Mappings: mappings}, elasticsearch(2, 3), seven, Choices{})
	if err != nil {
		t.Fatal(err)
	}
	limit := gjson.GetBytes(plan.Targets[0].Body, `settings.index\.mapping\.total_fields\.limit`).Int()
	if limit < 2200 || !slices.ContainsFunc(plan.Findings, func(f Finding) bool { return f.Severity == Warning && strings.Contains(f.Message, "2200") }) {
		t.Errorf("limit %d, %+v", limit, plan.Findings)
	}
}

// Each rule that touches an index leaves its trace in some case; templates and Kibana's objects have tests of their own.
func TestEachRuleHasACase(t *testing.T) {
	t.Parallel()
	traced := map[string]bool{}
	for _, file := range caseFiles(t) {
		c := readCase(t, file)
		plan, err := Index(c.in, c.source, c.target, c.choices)
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range plan.Changes {
			traced[change.Rule] = true
		}
		for _, finding := range plan.Findings {
			traced[finding.Rule] = true
		}
	}
	for _, rule := range Rules() {
		touches := rule.index != nil || rule.mapping != nil || rule.field != nil || rule.alias != nil
		if touches && !traced[rule.Name] {
			t.Errorf("no case shows what %s does", rule.Name)
		}
	}
}

func render(t *testing.T, c testCase, plan IndexPlan) []txtar.File {
	t.Helper()
	var files []txtar.File
	for _, target := range plan.Targets {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, target.Body, "", " "); err != nil {
			t.Fatalf("%v: %s", err, target.Body)
		}
		pretty.WriteByte('\n')
		files = append(files, txtar.File{Name: "out/" + target.Name, Data: pretty.Bytes()})
	}
	var documents strings.Builder
	for _, line := range c.documents {
		doc := readDocument(line)
		target := plan.Targets[0]
		for _, other := range plan.Targets {
			if slices.Contains(other.Types, doc.Type) {
				target = other
			}
		}
		action, reason := Keep, ""
		if target.Documents != nil {
			var err error
			if action, reason, err = target.Documents.Apply(nil, &doc); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprintf(&documents, "%s %s %s/%s routing=%s %s%s\n", action, or(doc.Index, target.Name), doc.Type, doc.ID, doc.Routing, doc.Source, reason)
	}
	if documents.Len() > 0 {
		files = append(files, txtar.File{Name: "out/documents", Data: []byte(documents.String())})
	}
	var told strings.Builder
	for _, change := range plan.Changes {
		fmt.Fprintf(&told, "%s: %s: %s -> %s (%s)\n", change.Rule, change.Where, change.Old, change.New, change.Why)
	}
	for _, finding := range plan.Findings {
		fmt.Fprintf(&told, "%s %s: %s: %s [%s]\n", finding.Severity, finding.Rule, finding.Where, finding.Message, finding.Decide)
	}
	return append(files, txtar.File{Name: "out/told", Data: []byte(told.String())})
}

// readDocument reads {"_type","_id","_routing","_parent","_timestamp","_ttl"} and behind a tab the source's own bytes.
func readDocument(line string) es.Document {
	head, source, _ := strings.Cut(line, "\t")
	meta := gjson.Parse(head)
	return es.Document{Type: meta.Get("_type").String(), ID: meta.Get("_id").String(), Routing: meta.Get("_routing").String(), Parent: meta.Get("_parent").String(), Source: json.RawMessage(source),
		Timestamp: meta.Get("_timestamp").Int(), HasTimestamp: meta.Get("_timestamp").Exists(), Expiry: meta.Get("_ttl").Int(), HasExpiry: meta.Get("_ttl").Exists()}
}

func TestEveryRowHasARule(t *testing.T) {
	t.Parallel()
	answered := map[string][]string{}
	for _, rule := range Rules() {
		if rule.Name == "" || rule.Why == "" {
			t.Errorf("%+v lacks a name or a reason", rule.Name)
		}
		for _, row := range rule.Rows {
			answered[row] = append(answered[row], rule.Name)
		}
	}
	rows, err := os.ReadFile("testdata/rows.txt")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(rows)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		row, where, _ := strings.Cut(line, " ")
		listed[row] = true
		if where == "" && len(answered[row]) == 0 {
			t.Errorf("row %s has no rule", row)
		}
		if where != "" && len(answered[row]) > 0 {
			t.Errorf("row %s is said to be answered by %s, and by rule %v", row, where, answered[row])
		}
	}
	if len(listed) < 100 {
		t.Errorf("only %d rows listed", len(listed))
	}
	checkRowsAgainstTheSharedList(t, listed)
}

// checkRowsAgainstTheSharedList holds the list itself against the list of breaking changes, where that lies beside.
func checkRowsAgainstTheSharedList(t *testing.T, listed map[string]bool) {
	t.Helper()
	changes := shared(t, "CHANGES.md")
	if changes == nil {
		return
	}
	for line := range strings.Lines(string(changes)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) < 3 || !strings.HasPrefix(line, "| ") || !strings.Contains(cells[0], "-") {
			continue
		}
		row := strings.TrimPrefix(cells[0], "| ")
		if len(row) != 4 || row[0] < '1' || row[0] > '7' {
			continue
		}
		action := cells[2]
		if (strings.HasPrefix(action, "T") || strings.HasPrefix(action, "D") || strings.HasPrefix(action, "R + T") || strings.HasPrefix(action, "R; T")) && !listed[row] {
			t.Errorf("row %s (%s) is missing in testdata/rows.txt", row, action)
		}
	}
}

// shared reads a file of the shared material beside the module, or nil where there is none.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(recordings.Module(t), "..", "shared", name))
	if err != nil {
		return nil
	}
	return content
}
