//go:build unix

package transform

// bench_test.go answers: what do rules cost a document, in processor time?

import (
	"encoding/json"
	"maps"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

const nginxLine = `{"remote":"10.0.0.1","host":"-","user":"-","method":"GET","path":"/index.html?a=b","code":"200","size":5316,"referer":"-","agent":"Mozilla/5.0 (X11; Linux x86_64)","http_x_forwarded_for":"-","request_time":0.012,"hostname":"web-07","@log_name":"nginx.access","request_id":"00000000a1b2","@timestamp":"2017-09-10T01:02:03.004Z"}`

// BenchmarkARuleThatChangesEveryDocument has a rule of each kind over a line of nginx.
func BenchmarkARuleThatChangesEveryDocument(b *testing.B) {
	rules := map[string]UserRule{
		"rename": {Rename: map[string]string{"hostname": "server"}},
		"drop":   {Drop: []string{"user", "http_x_forwarded_for"}},
		"set":    {Set: map[string]string{"migrated": "true"}},
		"move":   {Rename: map[string]string{"hostname": "host.name", "host": "was"}},
		"all":    {Rename: map[string]string{"hostname": "server", "customer": "buyer"}, Drop: []string{"user", "note"}, Set: map[string]string{"migrated": "true"}},
		"split":  {Split: "code"},
		"expr":   {Expr: `{"total": doc.size * 2}`},
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		made := rulesFor(b, "2.3.2", "5.5.2", Choices{Rules: []UserRule{rules[name]}})
		b.Run(name, func(b *testing.B) {
			benchmarkApply(b, made, Changed)
		})
	}
}

// BenchmarkRulesOfVersions has what the rules of versions ask of documents: a type and an id of several types, booleans and dates.
func BenchmarkRulesOfVersions(b *testing.B) {
	for name, row := range map[string]struct{ source, target, mapping string }{
		"types":    {"5.5.2", "7.10.2", `{"log":{"properties":{"size":{"type":"long"}}},"order":{"properties":{"total":{"type":"long"}}}}`},
		"booleans": {"2.3.2", "7.10.2", `{"log":{"properties":{"code":{"type":"boolean"}}}}`},
		"dates":    {"1.7.6", "5.5.2", `{"log":{"properties":{"size":{"type":"date"}}}}`},
	} {
		plan, err := Index(IndexInput{Name: "x", Mappings: json.RawMessage(row.mapping)}, parseVersion(b, row.source), parseVersion(b, row.target), Choices{Types: typesJoin})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) { benchmarkApply(b, plan.Targets[0].Documents, Changed) })
	}
}

func benchmarkApply(b *testing.B, rules *DocumentRules, want Action) {
	var scratch Scratch
	b.SetBytes(int64(len(nginxLine)))
	b.ReportAllocs()
	started := processorTime(b)
	for b.Loop() {
		doc := es.Document{Type: "log", ID: "AV6nXHcTZ0lqY9d-Zk_0", Source: json.RawMessage(nginxLine)}
		if action, reason, err := rules.Apply(&scratch, &doc); err != nil || action != want {
			b.Fatal(action, reason, err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(nginxLine))/1e6/(processorTime(b)-started).Seconds(), "MB/cpu-s")
}

// processorTime is what the process has used so far, its collector included.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
