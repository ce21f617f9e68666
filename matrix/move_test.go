package matrix

// move_test.go answers: how is one pair moved and judged? One source serves all its targets, each with a repository and a
// migration of its own. Next: server_test.go.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

const (
	exitDone     = 0
	exitFindings = 3
)

// accepted are the findings that a person would have to decide about in this data set: times to live end, an index keeps
// no source, and both are what the move is to be tried with.
const accepted = "es5_timestamp, stored-metadata, no-source, preflight"

func TestEveryDocumentArrivesFromEveryVersionAtEveryLaterOne(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	picked, written := chosen(t)
	program := filepath.Join(t.TempDir(), "hikkoshi")
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../cmd/hikkoshi").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, output)
	}
	for _, move := range moves {
		targets := picked[move.source]
		if len(targets) == 0 {
			continue
		}
		t.Run("from "+move.source, func(t *testing.T) {
			folder := t.TempDir()
			source := labtest.Node(t, move.source, folder)
			data := lab.Data{Seed: 7, NginxDocs: 1200, Days: 2, Kibana: true, Odd: true}
			if _, err := lab.Generate(t.Context(), source.URL(), move.source, data); err != nil {
				t.Fatal(err)
			}
			for i, target := range targets {
				t.Run("to "+target, func(t *testing.T) {
					one := &pair{program: program, folder: filepath.Join(folder, target), from: serverOf(source),
						number: i, changesAll: i == len(targets)-1, result: result{Source: move.source, Target: target}}
					began := time.Now()
					one.run(t, folder)
					one.result.Seconds = int(time.Since(began).Seconds())
					one.result.judge(t)
					if written {
						write(t, one.result)
					}
				})
			}
		})
	}
}

// pair is one move.
type pair struct {
	program, folder string
	from, to        server
	number          int
	// changesAll has lab.Change alter the source, which it may do but once: so with the last of its targets.
	changesAll bool
	routes     map[string]string // of each index of the source: restore, backfill, kibana or skip
	result     result
}

// run moves, changes the source, moves what changed, and compares. What goes wrong is a failure of the result, so that
// one broken pair does not hide the next.
func (p *pair) run(t *testing.T, repositories string) {
	node, err := lab.Start(t.Context(), lab.Options{Version: p.result.Target, RepoDirs: []string{repositories}})
	if err != nil {
		p.result.fail("the target does not start: %v", err)
		return
	}
	defer func() {
		if err := node.Stop(context.Background()); err != nil { // the test's own context may have ended
			t.Error(err)
		}
	}()
	p.to = serverOf(node)
	if err := os.MkdirAll(p.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	p.configure(t)
	if !p.hikkoshi(t, "plan") {
		return
	}
	p.readPlan(t)
	if !p.hikkoshi(t, "apply") {
		return
	}
	p.change(t)
	if !p.hikkoshi(t, "sync") || !p.hikkoshi(t, "verify") {
		return
	}
	p.compare(t)
	p.search(t)
}

func (p *pair) name() string { return "to-" + strings.ReplaceAll(p.result.Target, ".", "-") }

func (p *pair) configure(t *testing.T) {
	t.Helper()
	var left []string
	for _, limit := range limitsOf(p.result.Target) {
		left = append(left, limit.index)
		p.result.Limits = append(p.result.Limits, limit.index+": "+limit.reason)
	}
	text := fmt.Sprintf("name: %s\nsource: {url: %s}\ntarget: {url: %s}\nrepository: {name: %s, type: fs, location: %s}\nindices: {closed: open, exclude: [%s]}\naccept: [%s]\ncutover: {quiet: 1s}\n",
		p.name(), p.from.node.URL(), p.to.node.URL(), p.name(), filepath.Join(p.folder, "repository"), strings.Join(left, ", "), accepted)
	if err := os.WriteFile(filepath.Join(p.folder, "migration.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hikkoshi runs the program as a person does, and says whether it did its work.
func (p *pair) hikkoshi(t *testing.T, verb string) bool {
	t.Helper()
	command := exec.CommandContext(t.Context(), p.program, verb, "-c", filepath.Join(p.folder, "migration.yaml"), "--yes", "--json")
	var output, progress bytes.Buffer
	command.Stdout, command.Stderr = &output, &progress
	_ = command.Run() // the exit code says it all
	code := command.ProcessState.ExitCode()
	p.watch(progress.Bytes())
	if err := os.WriteFile(filepath.Join(p.folder, verb+".log"), append(progress.Bytes(), output.Bytes()...), 0o600); err != nil {
		t.Fatal(err)
	}
	if code == exitDone || code == exitFindings {
		return true
	}
	p.result.fail("`hikkoshi %s` ends with %d: %s", verb, code, lastMessages(progress.Bytes()))
	return false
}

// watch looks for what the rounds had to bring over although nobody had written: then the load itself had lost something.
func (p *pair) watch(progress []byte) {
	lines := bufio.NewScanner(bytes.NewReader(progress))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var event struct{ Step, Message string }
		if json.Unmarshal(lines.Bytes(), &event) == nil && event.Step == "catch-up" && strings.Contains(event.Message, "brought over") {
			p.result.fail("the load left something to the rounds: %s", event.Message)
		}
	}
}

// lastMessages are what the program said in the end.
func lastMessages(progress []byte) string {
	const most, mostOfPanic = 3, 3000
	if at := bytes.Index(progress, []byte("panic:")); at >= 0 {
		return string(progress[at:min(len(progress), at+mostOfPanic)])
	}
	lines := strings.Split(strings.TrimSpace(string(progress)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], " ")
}

func (p *pair) readPlan(t *testing.T) {
	t.Helper()
	var plan struct {
		Routes []struct{ Source, Target, Kind, Reason string }
	}
	content, err := os.ReadFile(filepath.Join(p.folder, ".hikkoshi", p.name(), "plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &plan); err != nil {
		t.Fatal(err)
	}
	p.routes, p.result.Routes = map[string]string{}, map[string]int{}
	for _, route := range plan.Routes {
		if p.routes[route.Source] == "" {
			p.result.Routes[route.Kind]++
		}
		p.routes[route.Source] = route.Kind
		if route.Kind == "skip" && !p.limited(route.Source) {
			p.result.fail("%s does not move: %s", route.Source, route.Reason)
		}
	}
}

func (p *pair) limited(index string) bool {
	for _, limit := range limitsOf(p.result.Target) {
		if limit.index == index {
			return true
		}
	}
	return false
}

// change lets a day pass on the source: documents come, change and go, and with the last target whole indices.
func (p *pair) change(t *testing.T) {
	t.Helper()
	if p.changesAll {
		if err := lab.Change(t.Context(), p.from.node.URL(), p.result.Source, 7); err != nil {
			t.Fatal(err)
		}
	}
	for _, index := range []string{"nginx-access-2017.09.11", "softdel"} {
		docType := "doc"
		if index != "softdel" {
			docType = "access_log"
		}
		for _, id := range []string{fmt.Sprintf("late-%d", p.number), "always"} {
			body := fmt.Sprintf(`{"k":%d,"@timestamp":"2017-09-11T23:00:00.000Z","code":"200","method":"GET","late":"%s"}`, p.number, p.name())
			p.from.must(t, http.MethodPut, p.from.documentPath(index, docType, id), body)
		}
		if p.number > 0 {
			// It is not there when the pair before failed early.
			p.from.call(t, http.MethodDelete, p.from.documentPath(index, docType, fmt.Sprintf("late-%d", p.number-1)), "")
		}
	}
	// An index that no plan knows, with one id in two types where there are types.
	late := fmt.Sprintf("late-multi-%d", p.number)
	for _, docType := range []string{"user", "order"} {
		if docType == "user" || p.from.generation < 6 {
			p.from.must(t, http.MethodPut, p.from.documentPath(late, docType, "1"), fmt.Sprintf(`{"is":"%s"}`, docType))
		}
	}
	p.from.must(t, http.MethodPost, "/_all/_refresh", "")
}

// quarantined reads what was set aside, by index of the source, type and id.
func (p *pair) quarantined(t *testing.T) map[string]string {
	t.Helper()
	aside := map[string]string{}
	content, err := os.ReadFile(filepath.Join(p.folder, ".hikkoshi", p.name(), "quarantine.ndjson"))
	if os.IsNotExist(err) {
		return aside
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(content) {
		var one struct{ Index, Type, ID, Reason string }
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatalf("the quarantine: %v: %.200s", err, line)
		}
		aside[one.Index+"\t"+one.ID] = one.Reason
	}
	return aside
}
