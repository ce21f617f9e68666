package transform

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// rulesPage is the page for people; -update writes it.
const rulesPage = "../../docs/rules.md"

// TestThePageOfRulesSaysWhatTheRulesSay keeps docs/rules.md the rules' own words.
func TestThePageOfRulesSaysWhatTheRulesSay(t *testing.T) {
	t.Parallel()
	var page bytes.Buffer
	page.WriteString("# Rules\n\nWhat a newer version does not take as it was, and the rule that deals with it, in the order in which rules run. This page is made from the rules themselves: `go test ./internal/transform -run TestThePageOfRules -update`.\n" +
		"Rows are those of the list of breaking changes. `hikkoshi plan` lists each change of each index with its rule, `hikkoshi plan --show-mappings` shows both sides.\n\n| rule | since | reaches | why | rows |\n|-|-|-|-|-|\n")
	for _, rule := range Rules() {
		since := "always"
		if !rule.Since.IsZero() {
			since = rule.Since.Full()
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s |\n", rule.Name, since, strings.Join(rule.reach(), ", "), strings.ReplaceAll(rule.Why, "|", "\\|"), strings.Join(rule.Rows, " "))
	}
	page.WriteString("\n## Rows answered elsewhere\n\n")
	rows, err := os.ReadFile("testdata/rows.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(rows)) {
		if row, where, found := strings.Cut(strings.TrimSpace(line), " "); found && !strings.HasPrefix(row, "#") {
			fmt.Fprintf(&page, "- %s: %s\n", row, where)
		}
	}
	if *update {
		if err := os.WriteFile(rulesPage, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	there, err := os.ReadFile(rulesPage)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(there, page.Bytes()) {
		t.Errorf("%s is not what the rules say; -update writes it", rulesPage)
	}
}

// reach names what a rule looks at.
func (r Rule) reach() []string {
	var reach []string
	for _, hook := range []struct {
		there bool
		name  string
	}{{r.index != nil, "indices"}, {r.mapping != nil, "mappings"}, {r.field != nil, "fields"}, {r.root != nil, "templates"}, {r.alias != nil, "aliases"}} {
		if hook.there {
			reach = append(reach, hook.name)
		}
	}
	if len(reach) == 0 {
		reach = []string{"Kibana's objects"}
	}
	return reach
}
