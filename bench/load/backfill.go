package main

// backfill.go answers: how does hikkoshi move an index? By the road of `hikkoshi apply`'s step "backfill", in a process of
// its own: out of the snapshot, rewritten by the rules of the pair, into _bulk. Next: native.go.

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/transform"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

const backfillArgument = "backfill-for-bench"

// backfillOrder is what the child is told.
type backfillOrder struct {
	Repository, Index, Name string
	Target                  string
	// TargetVersion is the lab's name.
	SourceVersion, TargetVersion string
	// Rule names one that changes every document, of changing; empty for none.
	Rule string
	// Gzip says whether bodies are compressed.
	Gzip load.Gzip
	// Profile is a file for a profile of the processor time.
	Profile string
}

// backfillResult is what the child answers.
type backfillResult struct {
	Written, Existing, SetAside, Bytes int64
	PeakRSS                            int64
	// Reasons are those of documents that were set aside.
	Reasons []string
}

func (a *arena) order(j job) backfillOrder {
	return backfillOrder{Repository: j.repository, Index: j.from, Name: j.to, Target: a.target.URL(), SourceVersion: a.pair.source, TargetVersion: a.pair.target, Profile: j.profile}
}

func (a *arena) backfill(ctx context.Context, j job) (usage, error) {
	var result backfillResult
	used, err := own(ctx, backfillArgument, a.order(j), &result)
	used.SetAside, used.PeakRSS, used.Tuned = result.SetAside, result.PeakRSS, "as it comes"
	return used, err
}

// labVersion reads the lab's name of a version.
func labVersion(name string) (es.Version, error) {
	if number, opensearch := cutOpenSearch(name); opensearch {
		version, err := es.ParseVersion(number)
		version.Product = es.OpenSearch
		return version, err
	}
	return es.ParseVersion(name)
}

// What a rule of the person's own is made of, where every document changes.
const (
	ruleOfFields     = "fields"
	ruleOfExpression = "expression"
)

// changing is the rule of those measurements in which every document changes.
func changing(rule string) []transform.UserRule {
	switch rule {
	case ruleOfFields:
		return []transform.UserRule{{Rename: map[string]string{"hostname": "server", "customer": "buyer"}, Drop: []string{"user", "note"}}}
	case ruleOfExpression:
		return []transform.UserRule{{Expr: `{"doubled": (doc.size ?? doc.total ?? 1) * 2}`}}
	}
	return nil
}

// openIndex opens the snapshot and asks the rules what becomes of an index in it.
func openIndex(ctx context.Context, o backfillOrder) (repository *snapshot.Repository, info *snapshot.Info, made transform.IndexPlan, err error) {
	storage, err := snapshot.OpenFolder(o.Repository)
	if err != nil {
		return nil, nil, made, err
	}
	if repository, err = snapshot.Open(ctx, storage, snapshot.Options{}); err != nil {
		return nil, nil, made, err
	}
	if info, err = repository.Snapshot(ctx, snapshotName); err != nil {
		return nil, nil, made, err
	}
	index, err := repository.Index(ctx, info, o.Index)
	if err != nil {
		return nil, nil, made, err
	}
	input := transform.IndexInput{Name: index.Name, Settings: map[string]json.RawMessage{}}
	for key, value := range index.Settings {
		if input.Settings[key], err = json.Marshal(value); err != nil {
			return nil, nil, made, err
		}
	}
	if input.Mappings, err = json.Marshal(index.Mappings); err != nil {
		return nil, nil, made, err
	}
	from, err := labVersion(o.SourceVersion)
	if err != nil {
		return nil, nil, made, err
	}
	to, err := labVersion(o.TargetVersion)
	if err != nil {
		return nil, nil, made, err
	}
	choices := transform.Choices{Names: map[string]string{o.Index: o.Name}, Rules: changing(o.Rule)}
	made, err = transform.Index(input, from, to, choices)
	return repository, info, made, err
}

// backfillChild is the process that is measured.
func backfillChild(ctx context.Context, text string) error {
	var o backfillOrder
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	if o.Profile != "" {
		file, err := os.Create(o.Profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	repository, info, made, err := openIndex(ctx, o)
	if err != nil {
		return err
	}
	client, err := cluster.New(cluster.Config{URL: o.Target})
	if err != nil {
		return err
	}
	defer client.Close()
	outcome, err := work(ctx, &load.Job{Target: client, NewRewrite: rewriting(&made), Gzip: o.Gzip, Valve: load.NewValve(load.Limits{})}, export.NewReader(ctx, repository, info), o.Index)
	if err != nil {
		return err
	}
	result := backfillResult{Written: outcome.Written, Existing: outcome.Existing, SetAside: int64(len(outcome.Refused)), Bytes: outcome.Bytes, PeakRSS: rig.PeakRSS()}
	for _, refused := range outcome.Refused {
		result.Reasons = append(result.Reasons, refused.ID+": "+refused.Reason)
	}
	return answer(result)
}

// work runs the units of an index, as many at once as there are processors to read them. The step backfill does so too, with a
// lease for each unit, whose cost bench/fleet measures; the whole move (whole.go) is made by the program itself.
func work(ctx context.Context, job *load.Job, reader *export.Reader, index string) (load.Outcome, error) {
	var mutex sync.Mutex
	var total load.Outcome
	units, err := load.SnapshotUnits(ctx, reader, index)
	if err != nil {
		return total, err
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, unit := range units {
		group.Go(func() error {
			_, err := job.Run(inner, unit.Feed(reader), 0, func(_ int64, outcome load.Outcome) error {
				mutex.Lock()
				defer mutex.Unlock()
				total.Add(outcome)
				return nil
			})
			return err
		})
	}
	return total, group.Wait()
}

// rewriting is that of the step backfill.
func rewriting(made *transform.IndexPlan) func() load.Rewrite {
	return func() load.Rewrite {
		var scratch transform.Scratch
		return func(document es.Document) (es.Document, error) {
			rewritten, _, err := load.Becomes(&scratch, made, document)
			return rewritten, err
		}
	}
}

// profileName is the file of one profile, empty without a folder.
func (c config) profileName(name string) string {
	if c.profile == "" {
		return ""
	}
	return filepath.Join(c.profile, name+".pprof")
}
